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

/// Makes the next start fast. Another process of the lowest priority runs [TrainCommand] and archives the classes
/// that it met, lambdas included, as the JVM has them in memory (CDS, JEP 350); the launcher then passes the archive
/// to the JVM. It fits one build on one JDK; where it is there already, or cannot be, nothing is done.
/// `docs/adr/0006-a-fast-start.md` says why it is not an AOT cache.
final class StartTuning implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StartTuning.class);
    private static final long LARGEST_MODEL_BYTES = 1L << 30;
    private static final String TRAIN_LOG = "train.log";
    private static final String MAIN = Main.class.getName();

    private final @Nullable Process trainer;
    private final Future<Void> kept;
    private final Path partial;

    private StartTuning(@Nullable Process trainer, Future<Void> kept, Path partial) {
        this.trainer = trainer;
        this.kept = kept;
        this.partial = partial;
    }

    /// In the background; closing ends it. A model that is not in this process, or too large to be
    /// loaded twice, trains nothing.
    static StartTuning begin(Spec spec, Optional<Path> modelFiles) {
        Optional<Path> wanted = missingArchive();
        if (wanted.isEmpty() || modelFiles.map(StartTuning::bytes).orElse(Long.MAX_VALUE) > LARGEST_MODEL_BYTES) {
            return new StartTuning(null, CompletableFuture.completedFuture(null), Path.of(""));
        }
        Path archive = wanted.get();
        Path partial = archive.resolveSibling(
                archive.getFileName() + "." + ProcessHandle.current().pid());
        try {
            Files.createDirectories(archive.getParent());
            Process trainer = start(partial, spec);
            return new StartTuning(
                    trainer, trainer.onExit().thenAccept(ended -> keep(ended, partial, archive)), partial);
        } catch (IOException failure) {
            LOG.info("starts stay as they are: {}", failure.toString());
            return new StartTuning(null, CompletableFuture.completedFuture(null), partial);
        }
    }

    /// Where the launcher looks for the archive, if it does and there is none.
    private static Optional<Path> missingArchive() {
        String path = System.getProperty("llmserve.cds", "");
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
        command.add("-XX:ArchiveClassesAtExit=" + partial);
        command.addAll(machineOptions());
        command.addAll(List.of(MAIN, "train", "--model", spec.models().primary().id()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        return builder.redirectOutput(partial.resolveSibling(TRAIN_LOG).toFile())
                .start();
    }

    /// The options that this JVM was started with: the archive fits only where they are the same.
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
            if (!argument.startsWith("-Dllmserve.") && !argument.startsWith("-XX:SharedArchiveFile")) {
                options.add(argument);
            }
        }
        throw new IOException("this process was not started by the launcher");
    }

    private static void keep(Process ended, Path partial, Path archive) {
        try {
            if (ended.exitValue() == 0 && Files.exists(partial)) {
                Files.move(partial, archive, StandardCopyOption.ATOMIC_MOVE);
                LOG.info("the next start uses {}", archive);
            } else {
                LOG.info("starts stay as they are: {} says why", archive.resolveSibling(TRAIN_LOG));
                Files.deleteIfExists(partial);
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
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
