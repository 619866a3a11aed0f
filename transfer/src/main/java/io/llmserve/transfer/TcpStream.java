package io.llmserve.transfer;

import java.nio.ByteBuffer;
import java.time.Duration;

/// The bytes on a data connection of the TCP engine, after the preamble and [Message.Attach]. The receiver
/// asks: `count u32, count x (index u32)`; the sender answers with those pages in that order, each in
/// parts of at most [#PART_BYTES]: `magic u32, index u32, offset u32, length u32, checksum u32` and bytes.
/// A count of [#RELEASE] ends that; the connection then rests until the next [Message.Attach].
///
/// A part's checksum is computed just before it is written and right after it is read, while the
/// processor's cache has it: a pass over a whole page would come from memory, at both sides.
final class TcpStream {
    static final int PART_MAGIC = 0x50414745; // "PAGE"
    static final int HEADER_BYTES = 20;
    /// Small enough for the second cache, large enough that a system call is worth it.
    static final int PART_BYTES = 512 * 1024;
    /// Parts that pass in one system call, when pages are small.
    static final int PARTS_AT_ONCE = 16;
    static final int RELEASE = 0;
    /// How long a connection may rest at the sender.
    static final Duration REST = Duration.ofSeconds(60);
    /// Pages asked for at once.
    static final int MAX_ASKED = 64;

    private TcpStream() {}

    /// Length of the part of a page that begins at `offset`.
    static int partBytes(int offset, int pageBytes) {
        return Math.min(PART_BYTES, pageBytes - offset);
    }

    /// Outside the heap: the channel copies nothing.
    static ByteBuffer headers() {
        return ByteBuffer.allocateDirect(PARTS_AT_ONCE * HEADER_BYTES);
    }
}
