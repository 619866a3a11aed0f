package io.llmserve.app;

import io.llmserve.manifest.FlatManifest;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/// The instances of this user that run on this machine: one file each, named by its process, so that `status` and
/// `apply` find them. A file whose process is gone is removed by whoever meets it.
final class InstanceRegistry {
    private static final String STARTED = "started";

    private final Path folder;

    InstanceRegistry(Path folder) {
        this.folder = folder;
    }

    static InstanceRegistry ofUser() {
        String state = System.getenv("XDG_STATE_HOME");
        Path base = state == null || state.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(state);
        return new InstanceRegistry(base.resolve("llmserve").resolve("instances"));
    }

    /// @param manifest in force, flags included
    record Instance(long processId, Instant started, FlatManifest manifest) {
        String value(String path) {
            return manifest.values().getOrDefault(path, "");
        }
    }

    /// Until the process ends or the entry is closed. Throws where the user's folder cannot be written.
    Entry register(FlatManifest manifest) throws IOException {
        ProcessHandle self = ProcessHandle.current();
        Properties properties = new Properties();
        properties.putAll(manifest.values());
        properties.setProperty(STARTED, startOf(self).toString());
        Files.createDirectories(folder);
        Path file = folder.resolve(self.pid() + ".properties");
        Path partial = folder.resolve(self.pid() + ".partial");
        try (Writer writer = Files.newBufferedWriter(partial)) {
            properties.store(writer, "a running llmserve");
        }
        try {
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException _) {
            Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
        }
        return () -> Files.deleteIfExists(file);
    }

    interface Entry extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    List<Instance> running() throws IOException {
        List<Instance> running = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.properties")) {
            for (Path file : files) {
                Optional<Instance> instance = read(file);
                if (instance.isPresent()) {
                    running.add(instance.get());
                } else {
                    Files.deleteIfExists(file);
                }
            }
        } catch (NoSuchFileException _) {
            return List.of();
        }
        return running;
    }

    /// Empty when the process is gone, or another one has taken its number.
    private static Optional<Instance> read(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        Map<String, String> values = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> values.put(name, properties.getProperty(name)));
        String started = values.remove(STARTED);
        String number = file.getFileName().toString().replace(".properties", "");
        if (started == null || !number.matches("\\d{1,18}")) {
            return Optional.empty();
        }
        long processId = Long.parseLong(number);
        return ProcessHandle.of(processId)
                .filter(process -> startOf(process).toString().equals(started))
                .map(process -> new Instance(processId, startOf(process), new FlatManifest(values)));
    }

    private static Instant startOf(ProcessHandle process) {
        return process.info().startInstant().orElse(Instant.EPOCH);
    }
}
