package io.llmserve.app;

import io.llmserve.manifest.Spec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the next start fast. Another process of the lowest priority runs [TrainCommand] and records what the
/// JVM loaded, linked and found hot into an ahead-of-time cache (JEP 483, 514, 515), which the launcher then
/// passes to the JVM. The cache fits one build on one JDK; where it is there already, or cannot be, nothing
/// is done.
final class StartTuning implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StartTuning.class);
    private static final long LARGEST_MODEL_BYTES = 1L << 30;
    private static final String MAIN = Main.class.getName();

    private final @Nullable Process trainer;
    private final Future<Void> kept;
    private final Path partial;

    private StartTuning(@Nullable Process trainer, Future<Void> kept, Path partial) {
        this.trainer = trainer;
        this.kept = kept;
        this.partial = partial;
    }

    /// In the background; closing ends it. A model too large to be loaded twice trains nothing.
    static StartTuning begin(Spec spec, Path modelFiles) {
        Optional<Path> wanted = missingCache();
        if (wanted.isEmpty() || bytes(modelFiles) > LARGEST_MODEL_BYTES) {
            return new StartTuning(null, CompletableFuture.completedFuture(null), Path.of(""));
        }
        Path cache = wanted.get();
        Path partial = cache.resolveSibling(
                cache.getFileName() + "." + ProcessHandle.current().pid());
        try {
            Files.createDirectories(cache.getParent());
            Process trainer = start(partial, spec);
            return new StartTuning(trainer, trainer.onExit().thenAccept(ended -> keep(ended, partial, cache)), partial);
        } catch (IOException failure) {
            LOG.info("starts stay as they are: {}", failure.toString());
            return new StartTuning(null, CompletableFuture.completedFuture(null), partial);
        }
    }

    /// Where the launcher looks for the cache, if it does and there is none.
    private static Optional<Path> missingCache() {
        String path = System.getProperty("llmserve.aot", "");
        return path.isEmpty() || Files.exists(Path.of(path)) ? Optional.empty() : Optional.of(Path.of(path));
    }

    private static long bytes(Path files) {
        try (Stream<Path> walk = Files.walk(files)) {
            return walk.mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException | UncheckedIOException failure) {
            return Long.MAX_VALUE;
        }
    }

    private static Process start(Path partial, Spec spec) throws IOException {
        List<String> command = new ArrayList<>(List.of("nice", "-n", "19"));
        command.add(ProcessHandle.current().info().command().orElseThrow(() -> new IOException("java is not known")));
        command.add("-XX:AOTCacheOutput=" + partial);
        command.addAll(machineOptions());
        command.addAll(List.of(MAIN, "train", "--model", spec.models().primary().id()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        return builder.redirectOutput(partial.resolveSibling("train.log").toFile())
                .start();
    }

    /// The options that this JVM was started with: the cache fits only where they are the same.
    private static List<String> machineOptions() throws IOException {
        String[] all = ProcessHandle.current()
                .info()
                .arguments()
                .orElseThrow(() -> new IOException("this system does not tell the JVM's options"));
        List<String> options = new ArrayList<>();
        for (String argument : all) {
            if (argument.equals(MAIN)) {
                return options;
            }
            if (!argument.startsWith("-Dllmserve.") && !argument.startsWith("-XX:AOT")) {
                options.add(argument);
            }
        }
        throw new IOException("this process was not started by the launcher");
    }

    private static void keep(Process ended, Path partial, Path cache) {
        try {
            if (ended.exitValue() == 0 && Files.exists(partial)) {
                Files.move(partial, cache, StandardCopyOption.ATOMIC_MOVE);
                LOG.info("the next start uses {}", cache);
            }
        } catch (IOException failure) {
            LOG.info("starts stay as they are: {}", failure.toString());
        }
    }

    @Override
    public void close() {
        if (trainer == null || kept.isDone()) {
            return;
        }
        trainer.descendants().forEach(ProcessHandle::destroyForcibly);
        trainer.destroyForcibly();
        try {
            Files.deleteIfExists(partial);
            Files.deleteIfExists(partial.resolveSibling(partial.getFileName() + ".config"));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
