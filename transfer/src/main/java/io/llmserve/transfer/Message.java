package io.llmserve.transfer;

import io.llmserve.core.BlockHash;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.link.TransferFailure;
import java.util.List;

/// What both sides say on a control connection, after the preamble (magic and version). The receiver of
/// pages is the client.
sealed interface Message {
    /// Client, first on a control connection: whose pages, which, and of what format they must be.
    record Hello(String engineId, String transferId, PageFormat format) implements Message {}

    /// Server: the transfer's token for data connections, and what each of its data engines has to say.
    record Welcome(byte[] token, List<Offer> offers) implements Message {}

    /// Client: the data engine it reads with from now on, and why not an earlier one of its order.
    record Use(EngineKind engine, String reason) implements Message {}

    /// Server, after the first [Use]: pages `[first, first + pages.size())` of `total` may be read.
    record Ready(int total, int first, List<ReadyPage> pages) implements Message {}

    /// Server: the prefill runs, no page is ready yet.
    record Waiting() implements Message {}

    /// Client: still here, and so many pages have been taken.
    record Taken(int pages) implements Message {}

    /// Client, last: it has all it wants (`whole`), or gave up; the lease may end. So many pages have been
    /// taken.
    record Done(boolean whole, int pages) implements Message {}

    /// Server, last: there will be no (more) pages.
    record Refused(TransferFailure kind, String reason) implements Message {}

    /// Client, first and only on a data connection of the TCP engine.
    record Attach(byte[] token) implements Message {}

    /// Client: the server takes part in a pair of this data engine, from now on.
    ///
    /// @param fresh otherwise the server has to know it from an earlier transfer
    record Pair(EngineKind engine, byte[] id, boolean fresh) implements Message {}

    /// Server, to [Pair]: it does (`reason` is empty), or why not.
    record Paired(String reason) implements Message {}

    /// Client: give these pages next, in this order, to the other side of the pair.
    record Ask(List<Integer> pages) implements Message {}

    int TOKEN_BYTES = 16;

    /// @param offset where the page begins in the server's page memory, in bytes
    /// @param checksum CRC-32C of the page; 0 when the receiver reads over TCP, where parts have their own
    record ReadyPage(long offset, BlockHash hash, int checksum) {
        static final int BYTES = 8 + 16 + 4;
    }
}
