package io.llmserve.app;

import io.llmserve.manifest.Manifest;
import io.llmserve.manifest.ManifestReader;
import io.llmserve.manifest.Setting;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The manifest of a command and the flags that stand above it. Flags are checked by the manifest's own rules.
final class ManifestOptions {
    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "The manifest; without one the built-in defaults apply.")
    private @Nullable Path file;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "URI",
            description = "pypi://package, hf://organisation/name[@revision] or file:path.")
    private @Nullable String model;

    @Option(
            names = {"-p", "--port"},
            paramLabel = "N",
            description = "Port of the OpenAI API (8000).")
    private @Nullable String port;

    @Option(names = "--metrics-port", paramLabel = "N", description = "Port of the Prometheus metrics (9400).")
    private @Nullable String metricsPort;

    @Option(names = "--host", paramLabel = "ADDRESS", description = "Address to listen on (127.0.0.1).")
    private @Nullable String host;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads that compute (one for each core).")
    private @Nullable String threads;

    @Option(names = "--max-model-len", paramLabel = "TOKENS", description = "Longest prompt plus answer.")
    private @Nullable String maxModelLen;

    @Option(names = "--kv-size", paramLabel = "SIZE", description = "Memory for keys and values, e.g. 2GiB.")
    private @Nullable String kvSize;

    Manifest read() {
        return read(Map.of());
    }

    /// @param below settings that stand above the file and below the flags
    Manifest read(Map<String, Setting> below) {
        Map<String, Setting> all = new LinkedHashMap<>(below);
        all.putAll(settings());
        ManifestReader reader = new ManifestReader(all);
        return (file == null ? reader.readNothing() : reader.readFile(file)).orThrow();
    }

    String source() {
        return file == null ? "built-in manifest" : file.toString();
    }

    private Map<String, Setting> settings() {
        Map<String, Setting> settings = new LinkedHashMap<>();
        put(settings, "spec.models.primary.id", "--model", model);
        put(settings, "spec.models.primary.max_model_len", "--max-model-len", maxModelLen);
        put(settings, "spec.server.port", "--port", port);
        put(settings, "spec.server.metrics_port", "--metrics-port", metricsPort);
        put(settings, "spec.server.host", "--host", host);
        put(settings, "spec.engine.threads", "--threads", threads);
        put(settings, "spec.kv_cache.size", "--kv-size", kvSize);
        return settings;
    }

    private static void put(Map<String, Setting> settings, String path, String flag, @Nullable String text) {
        if (text != null) {
            settings.put(path, new Setting(flag, text));
        }
    }
}
