package io.llmserve.transfer.data;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// A data engine that can't read the peer's memory by itself: the sender has to give what the receiver takes.
/// Both first make a pair, by an id that the receiver invents; then the receiver asks for pages over the
/// control connection, and each request is one gift.
public interface PairedEngine extends DataEngine {
    /// Receiver: what it tells the sender on the control connection.
    interface Talk {
        /// The sender takes part in the pair with this id, from now on. Throws
        /// [io.llmserve.transfer.link.TransferException] of kind `ENGINE` with its reason when it does not.
        ///
        /// @param fresh the pair is new; otherwise the sender has to know it
        void pair(byte[] id, boolean fresh);

        /// Give these next, in this order.
        void ask(List<PageRead> pages);
    }

    /// Sender: its part in one transfer. Called by one thread, which waits for the peer only at the end.
    interface Giver {
        /// These are asked for. They stay as they are until [#end] has returned.
        void give(List<MemorySegment> pages);

        /// The transfer has ended: nothing touches a page any more when this returns.
        ///
        /// @param whole the receiver has all it asked for, so that the pair may serve another transfer
        void end(boolean whole);
    }

    PageReader connect(byte[] offer, int pageBytes, Talk talk);

    /// Throws [io.llmserve.transfer.link.TransferException] of kind `ENGINE` when there can't be such a pair.
    Giver pair(byte[] id, boolean fresh, int pageBytes);

    @Override
    default PageReader connect(byte[] offer, int pageBytes) {
        throw new UnsupportedOperationException(kind() + " needs the sender's part");
    }
}
