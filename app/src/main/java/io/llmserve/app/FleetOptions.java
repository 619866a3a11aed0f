package io.llmserve.app;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.manifest.Setting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How many workers of each kind `up` starts, in the words of this program and in those of xPyD deployments, whose
/// API is on port 3000.
final class FleetOptions {
    private static final String DECODE = "spec.deployment.replicas.decode";
    private static final String XPYD_PORT = "3000";

    @Option(
            names = "--prefill",
            paramLabel = "N",
            description = "Workers that only compute prompts and hand them to those that generate (0).")
    private @Nullable String prefill;

    @Option(names = "--decode", paramLabel = "N", description = "Workers that generate (1).")
    private @Nullable String decode;

    @Option(
            names = "--isolate",
            description =
                    "Each worker in a process of its own, started again when it falls; by default they share this one.")
    private boolean isolate;

    @Option(
            names = "--arg",
            arity = "2",
            paramLabel = "NAME N",
            description =
                    "The same as xPyD deployments say it: num_prefill N, num_decode N. Without a manifest the API is"
                            + " then on port 3000.")
    private List<String> arguments = List.of();

    /// What stands above the manifest's file and below its own flags.
    ///
    /// @param hasFile a manifest says the port itself, or leaves the usual one
    Map<String, Setting> settings(boolean hasFile) {
        Map<String, Setting> settings = new LinkedHashMap<>();
        for (int i = 0; i + 1 < arguments.size(); i += 2) {
            argument(settings, arguments.get(i), arguments.get(i + 1));
        }
        if (!arguments.isEmpty() && !hasFile) {
            settings.put("spec.server.port", new Setting("--arg", XPYD_PORT));
        }
        if (prefill != null) {
            prefill(settings, "--prefill", prefill);
        }
        if (decode != null) {
            settings.put(DECODE, new Setting("--decode", decode));
        }
        if (isolate) {
            settings.put("spec.deployment.isolate", new Setting("--isolate", "true"));
        }
        return settings;
    }

    private static void argument(Map<String, Setting> settings, String name, String value) {
        switch (name) {
            case "num_prefill" -> prefill(settings, "--arg num_prefill", value);
            case "num_decode" -> settings.put(DECODE, new Setting("--arg num_decode", value));
            default ->
                throw new ServeException(
                        Failure.CONFIGURATION, "--arg knows num_prefill and num_decode, got '%s'".formatted(name));
        }
    }

    private static void prefill(Map<String, Setting> settings, String flag, String count) {
        settings.put("spec.deployment.disaggregated", new Setting(flag, count.equals("0") ? "false" : "true"));
        settings.put("spec.deployment.replicas.prefill", new Setting(flag, count));
    }
}
