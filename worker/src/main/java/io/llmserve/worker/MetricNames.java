package io.llmserve.worker;

import java.util.List;
import java.util.Map;

/// vLLM's metric names. Some were renamed, and dashboards read either spelling: both are emitted.
final class MetricNames {
    static final String PREFIX = "vllm:";
    private static final String OURS = "llmserve_";
    /// Newer spelling to older one.
    private static final Map<String, String> RENAMED = Map.of(
            "kv_cache_usage_perc", "gpu_cache_usage_perc",
            "prefix_cache_queries", "gpu_prefix_cache_queries",
            "prefix_cache_hits", "gpu_prefix_cache_hits",
            "inter_token_latency_seconds", "time_per_output_token_seconds");

    /// @param name in full
    record Spelling(String name, String help) {}

    private MetricNames() {}

    /// All spellings of a metric.
    ///
    /// @param name the newer one, without its prefix; with it, where vLLM has none like it
    static List<Spelling> spellings(String name, String help) {
        Spelling own = new Spelling(name.startsWith(OURS) ? name : PREFIX + name, help);
        String older = RENAMED.get(name);
        return older == null
                ? List.of(own)
                : List.of(own, new Spelling(PREFIX + older, "Older name of %s.".formatted(name)));
    }
}
