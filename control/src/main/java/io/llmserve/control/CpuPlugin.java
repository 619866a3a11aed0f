package io.llmserve.control;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;

/// The plugin that makes vLLM's NIXL connector fit for CPUs, as Python finds it: a folder for PYTHONPATH with
/// the module and what an installer would have written about it.
final class CpuPlugin {
    private static final String MODULE = "llmserve_vllm_cpu";
    private static final String METADATA = "Metadata-Version: 2.1\nName: llmserve-vllm-cpu\nVersion: 1\n";
    private static final String ENTRY_POINTS = "[vllm.general_plugins]\nllmserve_cpu = %s:register\n".formatted(MODULE);

    private CpuPlugin() {}

    /// Writes it under `home`, whole or not at all, and returns the folder.
    static Path unpack(Path home) {
        Path folder = home.resolve("vllm-cpu-plugin");
        Path about = folder.resolve(MODULE + "-1.dist-info");
        try (InputStream module = CpuPlugin.class.getResourceAsStream(MODULE + ".py")) {
            Files.createDirectories(about);
            put(folder.resolve(MODULE + ".py"), Objects.requireNonNull(module).readAllBytes());
            put(about.resolve("METADATA"), METADATA.getBytes(StandardCharsets.US_ASCII));
            put(about.resolve("entry_points.txt"), ENTRY_POINTS.getBytes(StandardCharsets.US_ASCII));
            return folder;
        } catch (IOException failure) {
            throw new ServeException(
                    Failure.EXHAUSTED,
                    "the plugin of vLLM cannot be written to %s: %s".formatted(folder, failure),
                    failure);
        }
    }

    private static void put(Path file, byte[] content) throws IOException {
        Path partial = Files.createTempFile(file.getParent(), "partial", "");
        Files.write(partial, content);
        Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }
}
