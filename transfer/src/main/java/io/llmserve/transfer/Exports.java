package io.llmserve.transfer;

import io.llmserve.transfer.link.Deadline;
import java.util.Optional;

/// The transfers a worker has pages for.
public interface Exports {
    /// The pages under this id; waits until there are any, or `deadline` has passed: the receiver may ask
    /// before the prefill's request has come. The one who gets the export closes it.
    Optional<Export> find(String transferId, Deadline deadline) throws InterruptedException;

    /// The receiver wants no pages under this id, for which there are none yet. Of no use to those who publish before
    /// they are asked.
    default void unwanted(String transferId) {}
}
