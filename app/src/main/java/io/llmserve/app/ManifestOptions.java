package io.llmserve.app;

import io.llmserve.manifest.Manifest;
import io.llmserve.manifest.ManifestReader;
import io.llmserve.manifest.Setting;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The manifest of a command and the flags that stand above it. Flags are checked by the manifest's own rules.
final class ManifestOptions {
    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "The manifest; without one the built-in defaults apply.")
    private @Nullable Path file;

    /// By the manifest's field that each sets.
    private final Map<String, OptionSpec> flags = new LinkedHashMap<>();

    ManifestOptions() {
        String models = "pypi://package, hf://organisation/name[@revision] or file:path.";
        flag("spec.models.primary.id", "URI", models, "-m", "--model");
        flag("spec.models.primary.max_model_len", "TOKENS", "Longest prompt plus answer.", "--max-model-len");
        flag("spec.server.port", "N", "Port of the OpenAI API (8000).", "-p", "--port");
        flag("spec.server.metrics_port", "N", "Port of the Prometheus metrics (9400).", "--metrics-port");
        flag("spec.server.host", "ADDRESS", "Address to listen on (127.0.0.1).", "--host");
        flag("spec.engine.threads", "N", "Threads that compute (one for each core).", "-t", "--threads");
        flag("spec.kv_cache.size", "SIZE", "Memory for keys and values, e.g. 2GiB.", "--kv-size");
    }

    private void flag(String path, String label, String description, String... names) {
        OptionSpec.Builder flag = OptionSpec.builder(names).type(String.class);
        flags.put(path, flag.paramLabel(label).description(description).build());
    }

    /// Called by picocli.
    @Spec
    void declareFlags(CommandSpec command) {
        flags.values().forEach(command::addOption);
    }

    Manifest read() {
        return read(Map.of());
    }

    Manifest read(Map<String, Setting> below) {
        return read(below, Optional.empty());
    }

    /// @param below settings that stand above the file and below the flags
    /// @param text of the manifest where no file is named
    Manifest read(Map<String, Setting> below, Optional<String> text) {
        Map<String, Setting> all = new LinkedHashMap<>(below);
        all.putAll(settings());
        ManifestReader reader = new ManifestReader(all);
        if (file != null) {
            return reader.readFile(file).orThrow();
        }
        return text.map(written -> reader.readText(WorkerEnvironment.MANIFEST, written))
                .orElseGet(reader::readNothing)
                .orThrow();
    }

    boolean hasFile() {
        return file != null;
    }

    String source() {
        return file == null ? "built-in manifest" : file.toString();
    }

    private Map<String, Setting> settings() {
        Map<String, Setting> settings = new LinkedHashMap<>();
        flags.forEach((path, flag) -> {
            String text = flag.getValue();
            if (text != null) {
                settings.put(path, new Setting(flag.longestName(), text));
            }
        });
        return settings;
    }
}
