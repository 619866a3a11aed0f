package io.llmserve.engine;

import io.llmserve.models.ModelDescription;
import io.llmserve.tensor.KvLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The default model says what HF transformers says in f32 on the same weights.
class GoldensIT {
    @ParameterizedTest
    @EnumSource(KvLayout.Type.class)
    void continuesAsTransformersDoes(KvLayout.Type type) throws Exception {
        ModelDescription model = DefaultModel.open();
        EngineOptions options = EngineOptions.DEFAULT.withKv(new EngineOptions.KvPool(128 << 20, type, true));
        try (EngineFactory factory = EngineFactory.load(model, 2, LoadProgress.NONE);
                EmbeddedEngine engine = factory.start(options)) {
            List<GoldenCase> cases = GoldenCase.read(DefaultModel.GOLDENS);
            List<Heard> heard = new ArrayList<>();
            for (GoldenCase example : cases) {
                heard.add(new Heard());
                engine.submit(example.request("golden"), heard.getLast());
            }
            for (int i = 0; i < cases.size(); i++) {
                heard.get(i).reason();
                cases.get(i).assertAgrees(heard.get(i), tolerance(type));
                Heard scores = new Heard();
                engine.submit(cases.get(i).scoring("score"), scores);
                scores.reason();
                cases.get(i).assertScores(scores.promptLogprobs(), tolerance(type));
            }
        } finally {
            model.tensors().close();
        }
    }

    /// f32 sums in another order; bf16 keeps 8 bits of each key and value.
    private static float tolerance(KvLayout.Type type) {
        return switch (type) {
            case F32 -> 2e-3f;
            case BF16 -> 2e-1f;
        };
    }
}
