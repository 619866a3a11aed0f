package io.llmserve.transfer;

import io.llmserve.transfer.library.LibraryPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/// NIXL, UCX and NCCL from PyPI, kept in a cache folder (`PEERS_CACHE`, default `~/.cache/llmserve-peers`).
/// Where they can't be had, tests that need them skip and say why.
final class NativePeers {
    private static final String NIXL = "nixl-cu12==1.5.1";
    private static final String UCX = "libucx-cu12==1.22.0";

    private static final String NCCL = "nvidia-nccl-cu12==2.32.3";
    private static final String CUDA = "nvidia-cuda-runtime-cu12==12.9.79";

    private NativePeers() {}

    static TransferOptions options() {
        return TestPair.OPTIONS.withLibraries(new LibraryPath(folders(NIXL, UCX)));
    }

    static TransferOptions nccl() {
        return TestPair.OPTIONS.withLibraries(new LibraryPath(folders(NCCL, CUDA)));
    }

    private static List<Path> folders(String... requirements) {
        Path cache = Optional.ofNullable(System.getenv("PEERS_CACHE"))
                .map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache", "llmserve-peers"))
                .resolve("transfer");
        List<Path> folders = new ArrayList<>();
        for (String requirement : requirements) {
            folders.addAll(LibraryPath.inside(installed(cache, requirement)));
        }
        return folders;
    }

    private static Path installed(Path cache, String requirement) {
        Path target = cache.resolve(requirement.replace("==", "-"));
        if (Files.isDirectory(target)) {
            return target;
        }
        try {
            Path partial = Files.createTempDirectory(Files.createDirectories(cache), "partial");
            Process pip = new ProcessBuilder(
                            "python3", "-m", "pip", "install", "-q", "--no-deps", "--target", "" + partial, requirement)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            boolean ended = pip.waitFor(5, TimeUnit.MINUTES);
            Assumptions.assumeTrue(ended && pip.exitValue() == 0, "pip could not install " + requirement);
            Files.move(partial, target);
        } catch (IOException e) {
            Assumptions.abort("%s can't be had: %s".formatted(requirement, e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            Assumptions.abort("interrupted");
        }
        return target;
    }
}
