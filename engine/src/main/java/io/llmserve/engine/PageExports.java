package io.llmserve.engine;

import java.util.Optional;

/// The prompts whose pages an engine offers to others. Any thread.
///
/// A prompt is offered from its submit on. Its pages are held until a reader is [ExportedPrompt#done()], its
/// generation fails or is cancelled, or the lease ends: so long after the prompt was computed, or after the last
/// reader left.
public interface PageExports {
    /// Opens the prompt that is offered under `transferId` for one reader, who must close it. Empty where the id
    /// is not known (yet).
    Optional<ExportedPrompt> open(String transferId);

    /// As [#open], but waits for a request that is still on its way.
    ///
    /// @param nanos how long to wait at most
    Optional<ExportedPrompt> await(String transferId, long nanos) throws InterruptedException;

    /// Frees the pages of a prompt that nobody will read. Where its request has not come yet, they are free as soon
    /// as they are computed.
    void release(String transferId);
}
