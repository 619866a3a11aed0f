package io.llmserve.wire;

import java.util.List;
import java.util.Optional;

/// What chat and text completion requests have in common.
///
/// @param choices `n`
public record GenerationFields(
        Optional<String> model,
        int choices,
        SamplingFields sampling,
        OutputFields output,
        IdentityFields identity,
        HandoverFields handover) {

    /// What the answer looks like.
    ///
    /// @param continuousUsage usage in every chunk of a stream
    /// @param returnTokenIds token ids beside the text
    public record OutputFields(
            boolean stream,
            boolean includeUsage,
            boolean continuousUsage,
            boolean returnTokenIds,
            boolean skipSpecialTokens) {}

    /// Who asks, and how urgently.
    ///
    /// @param requestId chosen by the client
    /// @param cacheSalt prefixes are shared among requests of one salt; a gateway with keys sets its tenants' own
    /// @param priority lower runs first; 0 is normal
    public record IdentityFields(Optional<String> requestId, Optional<String> cacheSalt, int priority) {}

    /// What another worker has done of this request already; said by routers only.
    ///
    /// @param kvTransfer whose pages are kept or fetched
    /// @param resumeTokenIds tokens that were generated and sent elsewhere: generation goes on behind them as if
    /// they were its own, and the answer has only what follows; empty for a fresh request
    public record HandoverFields(Optional<KvTransfer> kvTransfer, List<Integer> resumeTokenIds) {
        public static final HandoverFields NONE = new HandoverFields(Optional.empty(), List.of());

        public HandoverFields {
            resumeTokenIds = List.copyOf(resumeTokenIds);
        }
    }
}
