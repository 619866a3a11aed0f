package io.llmserve.transfer;

/// The bytes on a data connection of the TCP engine, after the preamble and [Message.Attach]. The receiver
/// asks: `count u32, count x (index u32)`; the sender answers with that many pages in that order, each as
/// `magic u32, index u32, length u32` and its bytes.
final class TcpStream {
    static final int PAGE_MAGIC = 0x50414745; // "PAGE"
    static final int HEADER_BYTES = 12;
    /// Pages asked for at once.
    static final int MAX_ASKED = 64;

    private TcpStream() {}
}
