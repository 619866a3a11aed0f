package io.llmserve.wire;

import java.util.Optional;

/// What chat and text completion requests have in common.
///
/// @param choices `n`
public record GenerationFields(
        Optional<String> model, int choices, SamplingFields sampling, OutputFields output, IdentityFields identity) {

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
    /// @param cacheSalt prefixes are shared among requests of one salt; to be believed only where no gateway
    /// sets it
    /// @param priority lower runs first; 0 is normal
    public record IdentityFields(Optional<String> requestId, Optional<String> cacheSalt, int priority) {}
}
