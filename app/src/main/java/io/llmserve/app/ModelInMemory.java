package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.engine.EngineFactory;
import io.llmserve.manifest.Spec;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.models.ModelStore;
import io.llmserve.models.ModelUri;
import io.llmserve.models.TensorSource;
import io.llmserve.text.Tokenizer;
import io.llmserve.worker.ModelLanguage;
import java.nio.file.Path;
import java.util.List;

/// The manifest's model, fetched where it is not here yet, its weights packed, its words understood.
///
/// @param names under which it is served
record ModelInMemory(EngineFactory factory, ModelDescription description, List<String> names, ModelLanguage language)
        implements AutoCloseable {
    static ModelInMemory load(Spec spec, ProgressLine progress) {
        try {
            Path files = pull(spec, progress);
            progress.begin("Loading " + files.getFileName());
            ModelDescription description = ModelReader.open(files);
            ModelLanguage language = language(description);
            EngineFactory factory = pack(description, spec, progress);
            progress.finish();
            return new ModelInMemory(factory, description, names(spec, description), language);
        } catch (RuntimeException | Error failure) {
            progress.abandon();
            throw failure;
        }
    }

    /// Fetched where it is not here yet.
    static Path pull(Spec spec, ProgressLine progress) {
        return ModelStore.of(System.getenv())
                .pull(ModelUri.parse(spec.models().primary().id()), new PullProgress(progress));
    }

    static List<String> names(Spec spec, ModelDescription description) {
        return List.of(spec.models().primary().servedName().orElse(description.name()));
    }

    static ModelLanguage language(ModelDescription description) {
        Path store = ModelStore.of(System.getenv()).directory();
        Tokenizer tokenizer = Tokenizer.load(description.tokenizer(), store.resolveSibling("native"));
        return ModelLanguage.of(description, tokenizer, Clock.SYSTEM);
    }

    /// The model's files are mapped only until the weights are packed.
    static EngineFactory pack(ModelDescription description, Spec spec, ProgressLine progress) {
        try (TensorSource _ = description.tensors()) {
            return EngineFactory.load(
                    description, Settings.threads(spec), (done, total) -> progress.update(done, total, true));
        }
    }

    @Override
    public void close() {
        factory.close();
    }
}
