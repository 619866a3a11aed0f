package io.llmserve.transfer;

import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.link.TransferFailure;

/// Hears what transfers do; for metrics. Calls come from many threads and must not wait.
public interface TransferListener {
    TransferListener NONE = new TransferListener() {};

    /// Which side of the transfer speaks.
    enum Side {
        RECEIVER,
        SENDER
    }

    /// A receiver reads with `engine` from now on.
    ///
    /// @param reason why not an earlier engine of the order; empty when it is the first
    default void engineChosen(String transferId, String peer, EngineKind engine, String reason) {}

    /// All pages of a transfer are there (receiver), or the receiver has said so (sender).
    default void completed(Side side, TransferReport report) {}

    default void failed(Side side, TransferFailure kind, String message) {}
}
