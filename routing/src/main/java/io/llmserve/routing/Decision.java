package io.llmserve.routing;

import io.llmserve.core.HostPort;
import java.util.Locale;

/// Where a request goes.
public sealed interface Decision {
    /// All of it to one worker.
    record Serve(HostPort worker, Why why) implements Decision {}

    /// The prompt to one, the tokens from another.
    record Split(HostPort prefill, HostPort decode, Why why) implements Decision {}

    /// There is no worker for it.
    record Reject() implements Decision {}

    /// What decided it: the metric label `reason`.
    enum Why {
        /// No worker of the fleet is there for prefill alone, or it hands no pages over.
        UNDIVIDED,
        /// The request is of a kind that is never split.
        WHOLE,
        /// Too little of the prompt is left to compute, as it is short.
        SHORT_PROMPT,
        /// Too little of the prompt is left to compute, as decode has most of it.
        CACHED,
        /// By the measured costs, it ends sooner where it is decoded.
        CHEAPER_WHOLE,
        /// By the measured costs, it ends sooner (for all who wait) when split.
        CHEAPER_SPLIT,
        /// The prompt is longer than the operator lets decode workers compute.
        LONG_PROMPT;

        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
