package io.llmserve.transfer;

import io.llmserve.transfer.link.Link;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The sender's parts of pages that go out in one system call, straight from page memory. Used by one
/// thread.
final class OutgoingParts {
    private final Link link;
    private final ByteBuffer headers = TcpStream.headers();
    private final List<ByteBuffer> buffers = new ArrayList<>(2 * TcpStream.PARTS_AT_ONCE);
    private int bytes;

    OutgoingParts(Link link) {
        this.link = link;
    }

    void page(int index, MemorySegment page) throws IOException {
        int pageBytes = Math.toIntExact(page.byteSize());
        for (int offset = 0; offset < pageBytes; ) {
            int length = TcpStream.partBytes(offset, pageBytes);
            if (bytes + length > TcpStream.PART_BYTES || buffers.size() == 2 * TcpStream.PARTS_AT_ONCE) {
                flush();
            }
            add(index, offset, page.asSlice(offset, length));
            offset += length;
        }
    }

    private void add(int index, int offset, MemorySegment part) {
        int length = Math.toIntExact(part.byteSize());
        int from = headers.position();
        headers.putInt(TcpStream.PART_MAGIC).putInt(index).putInt(offset).putInt(length);
        headers.putInt(Checksum.of(part));
        buffers.add(headers.slice(from, TcpStream.HEADER_BYTES));
        buffers.add(part.asByteBuffer());
        bytes += length;
    }

    void flush() throws IOException {
        if (!buffers.isEmpty()) {
            link.write(buffers.toArray(ByteBuffer[]::new));
            buffers.clear();
            headers.clear();
            bytes = 0;
        }
    }
}
