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
    void agreesWithTransformers(String name) throws Exception {
        try (EngineFactory factory = TinyEngines.load(name, 2);
                EmbeddedEngine engine = factory.start(TinyEngines.OPTIONS)) {
            for (GoldenCase example : GoldenCase.read(TinyModels.golden(name))) {
                Heard heard = new Heard();
                engine.submit(example.request(name), heard);
                heard.reason();
                example.assertAgrees(heard, TOLERANCE);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void scoresATextAsTransformersDoes(String name) throws Exception {
        try (EngineFactory factory = TinyEngines.load(name, 2);
                EmbeddedEngine engine = factory.start(TinyEngines.OPTIONS)) {
            for (GoldenCase example : GoldenCase.read(TinyModels.golden(name))) {
                Heard heard = new Heard();
                engine.submit(example.scoring(name), heard);
                heard.reason();
                example.assertScores(heard.promptLogprobs(), TOLERANCE);
            }
        }
    }
}
