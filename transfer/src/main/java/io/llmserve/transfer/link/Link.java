package io.llmserve.transfer.link;

import java.io.IOException;
import java.nio.ByteBuffer;

/// A connection that is read by one thread and written by one thread, both of which may block. Whoever
/// waits too long finds it closed by its [Watchdog].
public interface Link extends AutoCloseable {
    /// Fills all of `parts`, in order. Throws [java.io.EOFException] when the other side has ended.
    void read(ByteBuffer... parts) throws IOException;

    /// Writes all of `parts`, in order.
    void write(ByteBuffer... parts) throws IOException;

    /// Whether bytes lie ready, so that a read does not wait. False where that is unknown.
    boolean ready() throws IOException;

    /// Whether the other side is still connected and has said nothing that was not read. False where that
    /// is unknown. Not while another thread reads or writes.
    boolean silent();

    /// The other side, for messages.
    String peer();

    /// Ends both directions at once; whoever reads or writes is thrown out. May be called by any thread,
    /// many times.
    @Override
    void close();
}
