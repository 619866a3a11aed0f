package io.llmserve.engine;

import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.models.ModelStore;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import java.nio.file.Path;

/// The model that is served where none is named, and what HF transformers says of it.
final class DefaultModel {
    static final Path GOLDENS = Path.of("src/test/resources/goldens/smollm2-135m-instruct.json");

    private DefaultModel() {}

    static ModelDescription open() {
        return ModelReader.open(ModelStore.of(System.getenv()).pull(ModelUri.DEFAULT, PullListener.SILENT));
    }
}
