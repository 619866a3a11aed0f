package io.llmserve.transfer.data;

/// One way to bring pages, for one page memory: it lets peers read our pages and reads theirs.
public interface DataEngine extends AutoCloseable {
    EngineKind kind();

    /// What a peer has to know in order to read our pages; opaque to everybody but the same engine there.
    byte[] offer();

    /// A reader of the pages of the peer that made `offer`. Throws
    /// [io.llmserve.transfer.link.TransferException] of kind `ENGINE` when that peer can't be read this
    /// way.
    PageReader connect(byte[] offer, int pageBytes);

    @Override
    void close();
}
