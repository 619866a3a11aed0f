package io.llmserve.models.fetch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// A disk with room for so many bytes, which may say that it has more.
final class FakeDisk implements Disk {
    private final long saidBytes;
    private long leftBytes;

    FakeDisk(long saidBytes, long leftBytes) {
        this.saidBytes = saidBytes;
        this.leftBytes = leftBytes;
    }

    @Override
    public long usableBytes(Path folder) {
        return Math.max(saidBytes, 0);
    }

    @Override
    public void write(FileChannel file, ByteBuffer bytes) throws IOException {
        if (bytes.remaining() > leftBytes) {
            throw new IOException("No space left on device");
        }
        leftBytes -= bytes.remaining();
        Disk.REAL.write(file, bytes);
    }
}
