package io.llmserve.transfer;

import static io.llmserve.core.Checks.check;

import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.link.Links;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/// How pages are moved; the same for what a worker serves and what it fetches.
///
/// @param engineOrder the data engines to try, first to last; ends in one that always works
/// @param streams TCP connections of one transfer, beside its control connection
/// @param maxTransfers transfers served at once; more are told that the worker is busy
/// @param idleTimeout how long a peer may be silent before it counts as hung
/// @param unknownTransferWait how long a receiver may ask for a transfer before its prefill is known
/// @param tls when present, all bytes that leave the host are encrypted, and both sides show certificates
/// @param libraries where the native libraries of NIXL, UCX and NCCL are looked for
public record TransferOptions(
        List<EngineKind> engineOrder,
        int streams,
        int maxTransfers,
        Duration idleTimeout,
        Duration unknownTransferWait,
        Optional<SSLContext> tls,
        LibraryPath libraries) {
    public static final TransferOptions DEFAULT = new TransferOptions(
            List.of(EngineKind.NIXL, EngineKind.UCX, EngineKind.NCCL),
            2,
            256,
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Optional.empty(),
            LibraryPath.of(Optional.ofNullable(System.getenv(LibraryPath.VARIABLE))));

    public TransferOptions {
        check(streams > 0 && streams <= 64, "streams must be in 1..64, got %d", streams);
        check(maxTransfers > 0, "maxTransfers must be positive, got %d", maxTransfers);
        check(idleTimeout.isPositive(), "idleTimeout must be positive, got %s", idleTimeout);
        engineOrder = endingInOneThatWorks(engineOrder);
    }

    /// TCP always works, so nothing comes after it.
    private static List<EngineKind> endingInOneThatWorks(List<EngineKind> order) {
        List<EngineKind> complete = new ArrayList<>(Stream.concat(order.stream(), Stream.of(EngineKind.SHM))
                .takeWhile(kind -> kind != EngineKind.TCP)
                .distinct()
                .toList());
        complete.add(EngineKind.TCP);
        return List.copyOf(complete);
    }

    public TransferOptions withEngineOrder(EngineKind... order) {
        return new TransferOptions(
                List.of(order), streams, maxTransfers, idleTimeout, unknownTransferWait, tls, libraries);
    }

    public TransferOptions withStreams(int count) {
        return new TransferOptions(engineOrder, count, maxTransfers, idleTimeout, unknownTransferWait, tls, libraries);
    }

    public TransferOptions withMaxTransfers(int count) {
        return new TransferOptions(engineOrder, streams, count, idleTimeout, unknownTransferWait, tls, libraries);
    }

    public TransferOptions withTimeouts(Duration idle, Duration unknownTransfer) {
        return new TransferOptions(engineOrder, streams, maxTransfers, idle, unknownTransfer, tls, libraries);
    }

    public TransferOptions withTls(SSLContext context) {
        return new TransferOptions(
                engineOrder, streams, maxTransfers, idleTimeout, unknownTransferWait, Optional.of(context), libraries);
    }

    public TransferOptions withLibraries(LibraryPath path) {
        return new TransferOptions(engineOrder, streams, maxTransfers, idleTimeout, unknownTransferWait, tls, path);
    }

    Links links() {
        return new Links(tls);
    }

    /// How often a side that waits says that it is still there.
    Duration heartbeat() {
        return idleTimeout.dividedBy(5);
    }
}
