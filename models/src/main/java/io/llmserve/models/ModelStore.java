package io.llmserve.models;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.StoredModel.StoredFile;
import io.llmserve.models.fetch.FetchedModel;
import io.llmserve.models.fetch.ModelSource;
import io.llmserve.models.fetch.NetworkSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The models that lie on this machine, one folder each. A folder appears by one rename when all its files are there
/// and checked; until then they grow in `.partial`. Several processes may use one store.
public final class ModelStore {
    private static final String PARTIAL = ".partial";
    private static final String LOCKS = ".locks";

    private final Path directory;
    private final ModelSource source;
    private final Clock clock;

    public ModelStore(Path directory, ModelSource source, Clock clock) {
        this.directory = directory.toAbsolutePath().normalize();
        this.source = source;
        this.clock = clock;
    }

    /// The store under `$LLMSERVE_HOME`, `$XDG_CACHE_HOME/llmserve` or `~/.cache/llmserve`, in `models`.
    public static ModelStore of(Map<String, String> environment) {
        return new ModelStore(StoreDirectory.of(environment), new NetworkSource(environment), Clock.SYSTEM);
    }

    public Path directory() {
        return directory;
    }

    /// What [ModelReader] opens: the model as it lies here, fetched first where it does not. A local path is
    /// only looked for.
    public Path pull(ModelUri requested, PullListener listener) {
        if (requested instanceof ModelUri.LocalPath(Path path)) {
            if (!Files.exists(path)) {
                throw new ServeException(
                        Failure.NOT_FOUND, "model %s: %s does not exist".formatted(requested, path.toAbsolutePath()));
            }
            return path;
        }
        ModelUri uri = source.pinned(requested);
        Optional<StoredModel> there = whole(uri);
        if (there.isPresent()) {
            return there.get().main();
        }
        try (StoreLock _ = lock(uri, listener)) {
            Optional<StoredModel> pulledMeanwhile = whole(uri);
            return pulledMeanwhile.isPresent()
                    ? pulledMeanwhile.get().main()
                    : fetch(uri, listener).main();
        }
    }

    /// The model as it lies here, if it does.
    public Optional<StoredModel> find(ModelUri requested) {
        return requested instanceof ModelUri.LocalPath
                ? Optional.empty()
                : StoredModel.read(folder(source.pinned(requested)));
    }

    public List<StoredModel> list() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(directory)) {
            return folders.filter(folder -> !folder.getFileName().toString().startsWith("."))
                    .flatMap(folder -> StoredModel.read(folder).stream())
                    .sorted(Comparator.comparing(model -> model.source().toString()))
                    .toList();
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(directory, e);
        }
    }

    /// Deletes what was pulled, and nothing else.
    public StoredModel remove(ModelUri requested) {
        if (requested instanceof ModelUri.LocalPath) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "%s is not in the store; only what was pulled is removed".formatted(requested));
        }
        ModelUri uri = source.pinned(requested);
        try (StoreLock _ = lock(uri, PullListener.SILENT)) {
            deleteTree(partial(uri));
            StoredModel model = StoredModel.read(folder(uri))
                    .orElseThrow(() -> new ServeException(
                            Failure.NOT_FOUND, "%s is not in the store %s".formatted(uri, directory)));
            delete(model);
            return model;
        }
    }

    /// Reads every file again; fails with CORRUPT naming the first that is not what was pulled.
    public void verify(StoredModel model, PullListener listener) {
        long done = 0;
        for (StoredFile stored : model.files()) {
            Path file = model.folder().resolve(stored.name());
            listener.progress(PullListener.Phase.VERIFYING, stored.name(), done, model.bytes());
            try {
                String found = FileHash.sha256(file);
                if (!found.equals(stored.sha256())) {
                    throw ModelFileFailure.damaged(file, "its SHA-256 is %s, expected %s", found, stored.sha256());
                }
            } catch (IOException e) {
                throw ModelFileFailure.unreadable(file, e);
            }
            done += stored.bytes();
        }
        listener.progress(PullListener.Phase.VERIFYING, model.source().toString(), done, model.bytes());
    }

    /// The model, unless it is not here or its files are not those that were pulled.
    private Optional<StoredModel> whole(ModelUri uri) {
        return StoredModel.read(folder(uri)).filter(StoredModel::isUnchanged);
    }

    private StoredModel fetch(ModelUri uri, PullListener listener) {
        Path partial = partial(uri);
        Path folder = folder(uri);
        try {
            StoredModel.read(folder).ifPresent(ModelStore::delete);
            if (Files.exists(folder)) {
                throw new ServeException(
                        Failure.CONFIGURATION, "%s is in the way: it was not made by LLMServe".formatted(folder));
            }
            Files.createDirectories(partial);
            FetchedModel fetched = source.fetch(uri, partial, listener);
            List<StoredFile> files = new ArrayList<>();
            for (FetchedModel.FetchedFile file : fetched.files()) {
                Path path = partial.resolve(file.name());
                files.add(new StoredFile(
                        file.name(),
                        Files.size(path),
                        file.sha256(),
                        Files.getLastModifiedTime(path).toMillis()));
            }
            new StoredModel(uri, fetched.revision(), clock.now(), partial, partial.resolve(fetched.main()), files)
                    .write();
            Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
            return StoredModel.read(folder).orElseThrow();
        } catch (IOException e) {
            throw new ServeException(
                    Failure.CONFIGURATION, "the model store %s cannot be written: %s".formatted(directory, e), e);
        } finally {
            discardUnlessContinued(partial);
        }
    }

    /// Keeps what a later pull goes on with: parts, and files of a repository that are whole.
    private static void discardUnlessContinued(Path partial) {
        try (Stream<Path> walk = Files.exists(partial) ? Files.walk(partial) : Stream.empty()) {
            if (walk.noneMatch(
                    path -> path.toString().endsWith(".part") && path.toFile().length() > 0)) {
                deleteTree(partial);
            }
        } catch (IOException e) {
            throw new ServeException(Failure.CONFIGURATION, "%s cannot be removed: %s".formatted(partial, e), e);
        }
    }

    private static void delete(StoredModel model) {
        try {
            Files.delete(model.folder().resolve(StoredModel.MANIFEST));
            for (StoredFile file : model.files()) {
                Files.deleteIfExists(model.folder().resolve(file.name()));
            }
            deleteEmptyFolders(model.folder());
        } catch (IOException e) {
            throw new ServeException(Failure.CONFIGURATION, "%s cannot be removed: %s".formatted(model.folder(), e), e);
        }
    }

    private static void deleteEmptyFolders(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                if (!Files.isDirectory(path)) {
                    return;
                }
                Files.delete(path);
            }
        }
    }

    private static void deleteTree(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new ServeException(Failure.CONFIGURATION, "%s cannot be removed: %s".formatted(folder, e), e);
        }
    }

    private StoreLock lock(ModelUri uri, PullListener listener) {
        return StoreLock.acquire(directory.resolve(LOCKS).resolve(key(uri) + ".lock"), uri.toString(), listener);
    }

    private Path partial(ModelUri uri) {
        return directory.resolve(PARTIAL).resolve(key(uri));
    }

    private Path folder(ModelUri uri) {
        return directory.resolve(key(uri));
    }

    /// The URI as one folder name: `pypi--name--version`, `hf--organisation--name--revision--file`.
    private static String key(ModelUri uri) {
        String parts = switch (uri) {
            case ModelUri.PythonPackage python ->
                "pypi/" + python.name() + python.version().map(v -> "/" + v).orElse("");
            case ModelUri.HubRepository hub ->
                "hf/" + hub.repository() + "/" + hub.revision().orElse("main").replace("/", "%2F")
                        + hub.file().map(file -> "/" + file.replace("/", "%2F")).orElse("");
            case ModelUri.LocalPath local -> throw new IllegalArgumentException(local + " is not stored");
        };
        return parts.replace("/", "--");
    }
}
