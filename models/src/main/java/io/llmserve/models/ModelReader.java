package io.llmserve.models;

import static io.llmserve.models.ModelFileFailure.unsupported;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.gguf.GgufModel;
import io.llmserve.models.huggingface.HuggingFaceModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Opens a model from disk: maps its files and checks that they are whole and fit together.
public final class ModelReader {
    private ModelReader() {}

    /// @param path a `.gguf` file, or a directory as transformers saves it. Closing the description's tensors unmaps
    /// it.
    public static ModelDescription open(Path path) {
        Path real = real(path);
        Path folder = Files.isDirectory(real) ? real : parent(real);
        Optional<StoredModel> stored = StoredModel.read(folder)
                .filter(model -> model.main().equals(real))
                .filter(StoredModel::isUnchanged);
        boolean directory = Files.isRegularFile(real.resolve("config.json"));
        if (Files.isDirectory(real) && !directory) {
            throw unsupported(real, "it is a directory without config.json");
        }
        String name = stored.filter(_ -> directory)
                .flatMap(model -> repository(model.source()))
                .orElseGet(() -> name(real));
        String fingerprint = stored.map(StoredModel::fingerprint).orElseGet(() -> fingerprint(real, directory));
        return directory ? HuggingFaceModel.open(real, name, fingerprint) : GgufModel.open(real, name, fingerprint);
    }

    private static String fingerprint(Path path, boolean directory) {
        try {
            return directory ? HuggingFaceModel.fingerprint(path) : FileHash.sha256(path);
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(path, e);
        }
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            throw new ServeException(Failure.NOT_FOUND, "model file or directory %s does not exist".formatted(path), e);
        }
    }

    private static Path parent(Path file) {
        Path parent = file.getParent();
        return parent == null ? file : parent;
    }

    /// `organisation/name`, as people know a model of the hub.
    private static Optional<String> repository(ModelUri source) {
        return source instanceof ModelUri.HubRepository hub ? Optional.of(hub.repository()) : Optional.empty();
    }

    private static String name(Path path) {
        Path last = path.getFileName();
        String name = last == null ? path.toString() : last.toString();
        return name.endsWith(".gguf") ? name.substring(0, name.length() - ".gguf".length()) : name;
    }
}
