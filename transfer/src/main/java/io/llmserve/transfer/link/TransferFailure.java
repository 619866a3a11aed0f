package io.llmserve.transfer.link;

import io.llmserve.core.Failure;
import java.util.Locale;

/// Why a transfer failed: one kind, one metric label, one failure of the API.
public enum TransferFailure {
    /// Nobody listens at the peer's address.
    UNREACHABLE(Failure.UPSTREAM),
    /// The peer went away, or the network between.
    CONNECTION_LOST(Failure.UPSTREAM),
    /// The peer is there but too slow, or hangs.
    DEADLINE(Failure.TIMEOUT),
    /// Both sides speak different versions of the protocol.
    VERSION(Failure.UPSTREAM),
    /// The peer's pages are of another model or layout.
    FORMAT(Failure.UPSTREAM),
    /// The peer is another engine than the one that was meant, e.g. the same worker restarted.
    WRONG_ENGINE(Failure.UPSTREAM),
    /// The peer has no pages under this id, nor did they come while we waited.
    UNKNOWN_TRANSFER(Failure.UPSTREAM),
    /// The prefill behind the pages failed or was cancelled.
    EXPORT_FAILED(Failure.UPSTREAM),
    /// A page's bytes are not those that were announced.
    CORRUPT(Failure.UPSTREAM),
    /// Bytes that are no message of this protocol.
    PROTOCOL(Failure.UPSTREAM),
    /// The peer serves as many transfers as it may.
    BUSY(Failure.UNAVAILABLE),
    /// The receiver has no page left.
    RECEIVER_FULL(Failure.UNAVAILABLE),
    /// No data engine works between both sides, or the one chosen failed.
    ENGINE(Failure.UPSTREAM),
    /// The TLS handshake failed, or the other side speaks no TLS.
    ENCRYPTION(Failure.UPSTREAM),
    /// The one who asked for the pages wants them no more.
    CANCELLED(Failure.UNAVAILABLE);

    private final Failure failure;

    TransferFailure(Failure failure) {
        this.failure = failure;
    }

    public Failure failure() {
        return failure;
    }

    /// The value of the metric label `reason`, and the kind's name on the wire.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The kind a peer names; what a newer peer names and we do not know is [#PROTOCOL].
    public static TransferFailure byLabel(String label) {
        for (TransferFailure kind : values()) {
            if (kind.label().equals(label)) {
                return kind;
            }
        }
        return PROTOCOL;
    }
}
