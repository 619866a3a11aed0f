package io.llmserve.wire;

import io.llmserve.core.FinishReason;

/// How one choice ended.
public record Finish(FinishReason reason, StopCause cause) {
    /// What exactly ended it: vLLM's `stop_reason`.
    public sealed interface StopCause {
        /// The model's own end, the length, an abort: `null`.
        record Usual() implements StopCause {}

        /// One of the request's stop strings.
        record Text(String stop) implements StopCause {}

        /// One of the request's stop tokens.
        record Token(int id) implements StopCause {}
    }

    public static Finish usual(FinishReason reason) {
        return new Finish(reason, new StopCause.Usual());
    }

    void writeTo(JsonBytes json) {
        json.raw(",\"finish_reason\":").string(reason.wireName()).raw(",\"stop_reason\":");
        switch (cause) {
            case StopCause.Usual _ -> json.raw("null");
            case StopCause.Text text -> json.string(text.stop());
            case StopCause.Token token -> json.number(token.id());
        }
    }
}
