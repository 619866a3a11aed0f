package io.llmserve.engine;

import io.llmserve.testkit.TinyModels;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every architecture and format says what HF transformers says in f32.
class TinyGoldenTest {
    /// Our f32 sums run in another order than theirs, and theirs are printed with five decimals.
    private static final float TOLERANCE = 2e-3f;

    static Stream<String> models() {
        return TinyModels.names().stream();
    }

    @ParameterizedTest
    @MethodSource("models")
    void saysAndScoresWhatTransformersDoes(String name) throws Exception {
        try (EngineFactory factory = TinyEngines.load(name, 2);
                EmbeddedEngine engine = factory.start(TinyEngines.OPTIONS)) {
            for (GoldenCase example : GoldenCase.read(TinyModels.golden(name))) {
                example.assertAgrees(hear(engine, example.request(name)), TOLERANCE);
                example.assertScores(hear(engine, example.scoring(name)).promptLogprobs(), TOLERANCE);
            }
        }
    }

    private static Heard hear(EmbeddedEngine engine, GenerationRequest request) throws Exception {
        Heard heard = new Heard();
        engine.submit(request, heard);
        heard.reason();
        return heard;
    }
}
