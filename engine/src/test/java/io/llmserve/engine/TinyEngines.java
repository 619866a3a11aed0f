package io.llmserve.engine;

import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.tensor.KvLayout;
import io.llmserve.testkit.TinyModels;

/// Engines on the random models of the test kit.
final class TinyEngines {
    static final EngineOptions OPTIONS =
            EngineOptions.DEFAULT.withKv(new EngineOptions.KvPool(4 << 20, KvLayout.Type.F32, true));

    private TinyEngines() {}

    /// The model's files are closed again: an engine must not need them.
    static EngineFactory load(String name, int threads) {
        ModelDescription model = ModelReader.open(TinyModels.path(name));
        try {
            return EngineFactory.load(model, threads, LoadProgress.NONE);
        } finally {
            model.tensors().close();
        }
    }
}
