package io.llmserve.app;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.manifest.Setting;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What orchestrators tell a worker by environment variables. Flags stand above them, they above the manifest.
///
/// @param role from `PREFILL_MODE` and `DECODE_MODE`; empty where neither is set
/// @param kvTransfer from `ENABLE_KV_TRANSFER`; true where it is not set
/// @param settings of the manifest, from `MODEL_NAME` and `MAX_BATCH_SIZE`
/// @param manifest from `LLMSERVE_MANIFEST`: the text itself, where there is no file
record WorkerEnvironment(
        Optional<WorkerRole> role, boolean kvTransfer, Map<String, Setting> settings, Optional<String> manifest) {
    static final String MANIFEST = "LLMSERVE_MANIFEST";

    WorkerEnvironment {
        settings = Map.copyOf(settings);
    }

    static WorkerEnvironment of(Map<String, String> environment) {
        Optional<Boolean> prefill = flag(environment, "PREFILL_MODE");
        Optional<Boolean> decode = flag(environment, "DECODE_MODE");
        Map<String, Setting> settings = new LinkedHashMap<>();
        String model = environment.getOrDefault("MODEL_NAME", "");
        if (!model.isBlank()) {
            String path = model.contains(":") ? "spec.models.primary.id" : "spec.models.primary.served_name";
            settings.put(path, new Setting("MODEL_NAME", model));
        }
        String batch = environment.getOrDefault("MAX_BATCH_SIZE", "");
        if (!batch.isBlank()) {
            settings.put("spec.scheduling.max_decode_concurrency", new Setting("MAX_BATCH_SIZE", batch));
        }
        return new WorkerEnvironment(
                role(prefill, decode),
                flag(environment, "ENABLE_KV_TRANSFER").orElse(true),
                settings,
                Optional.of(environment.getOrDefault(MANIFEST, "")).filter(text -> !text.isBlank()));
    }

    private static Optional<WorkerRole> role(Optional<Boolean> prefill, Optional<Boolean> decode) {
        if (prefill.isEmpty() && decode.isEmpty()) {
            return Optional.empty();
        }
        boolean prefills = prefill.orElse(!decode.orElse(false));
        boolean decodes = decode.orElse(!prefill.orElse(false));
        if (!prefills && !decodes) {
            throw new ServeException(
                    Failure.CONFIGURATION, "PREFILL_MODE and DECODE_MODE are both false; one must be true");
        }
        return Optional.of(prefills && decodes ? WorkerRole.BOTH : prefills ? WorkerRole.PREFILL : WorkerRole.DECODE);
    }

    private static Optional<Boolean> flag(Map<String, String> environment, String name) {
        String value = environment.getOrDefault(name, "").trim().toLowerCase(Locale.ROOT);
        return switch (value) {
            case "" -> Optional.empty();
            case "true", "1", "yes", "on" -> Optional.of(true);
            case "false", "0", "no", "off" -> Optional.of(false);
            default ->
                throw new ServeException(
                        Failure.CONFIGURATION, "%s must be true or false, got '%s'".formatted(name, value));
        };
    }
}
