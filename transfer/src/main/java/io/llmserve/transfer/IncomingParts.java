package io.llmserve.transfer;

import io.llmserve.transfer.link.Link;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The receiver's parts of pages that come in one system call, straight into page memory. Used by one
/// thread.
final class IncomingParts {
    private final Link link;
    private final ByteBuffer headers = TcpStream.headers();
    private final List<Part> parts = new ArrayList<>(TcpStream.PARTS_AT_ONCE);
    private int bytes;

    private record Part(int index, int offset, MemorySegment into) {}

    IncomingParts(Link link) {
        this.link = link;
    }

    /// Whether a part of this length fits into the same system call.
    boolean takes(int length) {
        return parts.size() < TcpStream.PARTS_AT_ONCE && bytes + length <= TcpStream.PART_BYTES;
    }

    void expect(int index, int offset, MemorySegment into) {
        parts.add(new Part(index, offset, into));
        bytes += Math.toIntExact(into.byteSize());
    }

    /// Fills and checks all that is expected.
    void read() throws IOException {
        ByteBuffer[] buffers = new ByteBuffer[2 * parts.size()];
        for (int i = 0; i < parts.size(); i++) {
            buffers[2 * i] = headers.slice(i * TcpStream.HEADER_BYTES, TcpStream.HEADER_BYTES);
            buffers[2 * i + 1] = parts.get(i).into().asByteBuffer();
        }
        link.read(buffers);
        for (int i = 0; i < parts.size(); i++) {
            check(parts.get(i), buffers[2 * i].flip());
        }
        parts.clear();
        bytes = 0;
    }

    private void check(Part part, ByteBuffer header) {
        int magic = header.getInt();
        int index = header.getInt();
        int offset = header.getInt();
        int length = header.getInt();
        if (magic != TcpStream.PART_MAGIC
                || index != part.index()
                || offset != part.offset()
                || length != part.into().byteSize()) {
            throw new TransferException(
                    TransferFailure.PROTOCOL,
                    "%s sent %d bytes of page %d from %d on, expected were %d of page %d from %d on"
                            .formatted(
                                    link.peer(),
                                    length,
                                    index,
                                    offset,
                                    part.into().byteSize(),
                                    part.index(),
                                    part.offset()));
        }
        int sent = header.getInt();
        int arrived = Checksum.of(part.into());
        if (arrived != sent) {
            throw new TransferException(
                    TransferFailure.CORRUPT,
                    "page %d has checksum %08x from byte %d on, sent was %08x".formatted(index, arrived, offset, sent));
        }
    }
}
