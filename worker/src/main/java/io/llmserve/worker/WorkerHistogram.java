package io.llmserve.worker;

/// What is observed of requests and generations. Bounds are vLLM's; where a small model is quicker than vLLM's
/// smallest bound, or a context is longer than its largest, there are more.
enum WorkerHistogram {
    FIRST_TOKEN(
            "time_to_first_token_seconds", "Histogram of time to first token in seconds.", Bounds.FIRST_TOKEN_SECONDS),
    INTER_TOKEN("inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", Bounds.TOKEN_SECONDS),
    PER_OUTPUT_TOKEN(
            "request_time_per_output_token_seconds",
            "Histogram of time_per_output_token_seconds per request.",
            Bounds.TOKEN_SECONDS),
    END_TO_END("e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", Bounds.REQUEST_SECONDS),
    QUEUE(
            "request_queue_time_seconds",
            "Histogram of time spent in WAITING phase for request.",
            Bounds.REQUEST_SECONDS),
    INFERENCE(
            "request_inference_time_seconds",
            "Histogram of time spent in RUNNING phase for request.",
            Bounds.REQUEST_SECONDS),
    PREFILL(
            "request_prefill_time_seconds",
            "Histogram of time spent in PREFILL phase for request.",
            Bounds.REQUEST_SECONDS),
    DECODE(
            "request_decode_time_seconds",
            "Histogram of time spent in DECODE phase for request.",
            Bounds.REQUEST_SECONDS),
    PROMPT_TOKENS("request_prompt_tokens", "Number of prefill tokens processed.", Bounds.TOKENS),
    COMPUTED_PROMPT_TOKENS(
            "request_prefill_kv_computed_tokens",
            "Histogram of new KV tokens computed during prefill (excluding cached tokens).",
            Bounds.TOKENS),
    GENERATED_TOKENS("request_generation_tokens", "Number of generation tokens processed.", Bounds.TOKENS),
    LONGEST_CHOICE(
            "request_max_num_generation_tokens",
            "Histogram of maximum number of requested generation tokens.",
            Bounds.TOKENS),
    DECODE_SPEED(
            "llmserve_decode_tokens_per_second",
            "Histogram of tokens per second of a generation, from its first token on.",
            new double[] {1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1_000, 2_000}),
    PREEMPTIONS("request_num_preemptions", "Histogram of the number of times a request was preempted.", new double[] {
        1, 2, 3, 4, 5, 10, 20
    }),
    CHOICES("request_params_n", "Histogram of the n request parameter.", new double[] {1, 2, 5, 10, 20}),
    MAX_TOKENS("request_params_max_tokens", "Histogram of the max_tokens request parameter.", Bounds.TOKENS);

    private final String name;
    private final String help;

    @SuppressWarnings("ImmutableEnumChecker") // nobody else has the array
    private final double[] bounds;

    WorkerHistogram(String name, String help, double[] bounds) {
        this.name = name;
        this.help = help;
        this.bounds = bounds;
    }

    /// As [MetricNames#spellings] takes it.
    String metric() {
        return name;
    }

    String help() {
        return help;
    }

    double[] bounds() {
        return bounds.clone();
    }

    private static final class Bounds {
        static final double[] REQUEST_SECONDS = {
            0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680
        };
        static final double[] FIRST_TOKEN_SECONDS = {
            0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
            2560
        };
        static final double[] TOKEN_SECONDS = {
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20,
            40, 80
        };
        static final double[] TOKENS = {
            1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000
        };
    }
}
