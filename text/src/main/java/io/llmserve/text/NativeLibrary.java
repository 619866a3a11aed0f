package io.llmserve.text;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// Loads HuggingFace's tokenizers library out of DJL's jar, once for the process. DJL's own loader is not used: it
/// keeps a directory in HOME, logs, and reports its use over the network.
final class NativeLibrary {
    private static final Object LOCK = new Object();
    private static final String RESOURCES = "native/lib/";

    private static @Nullable Path loaded;

    private NativeLibrary() {}

    /// The library is kept in `cache` for the next start. Where that cannot be written or executed from, a
    /// temporary directory serves, and is removed at once: a loaded library needs no file.
    static void load(Path cache) {
        synchronized (LOCK) {
            if (loaded != null) {
                return;
            }
            URL resource = resource();
            try {
                loaded = loadFrom(cache.resolve("native"), resource);
            } catch (IOException | UnsatisfiedLinkError e) {
                loaded = loadFromTemporary(resource, cache, e);
            }
        }
    }

    private static Path loadFromTemporary(URL resource, Path cache, Throwable first) {
        try {
            Path directory = Files.createTempDirectory("llmserve-native");
            try {
                return loadFrom(directory, resource);
            } finally {
                Files.deleteIfExists(directory.resolve(fileName(resource)));
                Files.deleteIfExists(directory);
            }
        } catch (IOException | UnsatisfiedLinkError e) {
            e.addSuppressed(first);
            if (isFull(e) && isFull(first)) {
                throw new ServeException(
                        Failure.EXHAUSTED,
                        "the tokenizer library needs %d MB in %s or in %s, and both are full"
                                .formatted(bytes(resource) >> 20, cache, System.getProperty("java.io.tmpdir")),
                        e);
            }
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "The tokenizer library cannot be loaded: %s. It needs glibc 2.34 and libstdc++ on Linux; %s must be writable."
                            .formatted(e.getMessage(), System.getProperty("java.io.tmpdir")),
                    e);
        }
    }

    private static boolean isFull(Throwable failure) {
        return String.valueOf(failure.getMessage()).contains("No space left");
    }

    private static long bytes(URL resource) {
        try {
            return resource.openConnection().getContentLengthLong();
        } catch (IOException unknown) {
            return 0;
        }
    }

    @SuppressWarnings("restricted")
    private static Path loadFrom(Path directory, URL resource) throws IOException {
        Path file = directory.toAbsolutePath().resolve(fileName(resource));
        if (!Files.exists(file) || Files.size(file) != bytes(resource)) {
            extract(resource, file);
        }
        System.load(file.toString());
        return file;
    }

    /// By way of a file of its own name, so that two processes that start together do not disturb each other.
    private static void extract(URL resource, Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        Path part = Files.createTempFile(directory, "tokenizers", ".part");
        try {
            try (InputStream in = resource.openStream()) {
                Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /// Versioned, so that a newer LLMServe does not load an older one's library.
    private static String fileName(URL resource) throws IOException {
        Properties properties = new Properties();
        URL url = NativeLibrary.class.getClassLoader().getResource(RESOURCES + "tokenizers.properties");
        if (url != null) {
            try (InputStream in = url.openStream()) {
                properties.load(in);
            }
        }
        String path = resource.getPath();
        return "tokenizers-%s-%s"
                .formatted(properties.getProperty("version", "0"), path.substring(path.lastIndexOf('/') + 1));
    }

    private static URL resource() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String family = system.startsWith("mac") ? "osx" : system;
        String machine = System.getProperty("os.arch");
        String architecture = machine.equals("amd64") ? "x86_64" : machine.equals("arm64") ? "aarch64" : machine;
        String path = RESOURCES + family + "-" + architecture + "/cpu/" + libraryName();
        URL url = NativeLibrary.class.getClassLoader().getResource(path);
        if (url == null) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "There is no tokenizer library for %s on %s; there is one for Linux (x86_64, aarch64) and macOS (aarch64)."
                            .formatted(System.getProperty("os.name"), machine));
        }
        return url;
    }

    private static String libraryName() {
        return System.mapLibraryName("tokenizers");
    }
}
