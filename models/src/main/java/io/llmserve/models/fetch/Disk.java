package io.llmserve.models.fetch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/// The disk that files are written to; tests fill it up.
interface Disk {
    Disk REAL = new Disk() {
        @Override
        public long usableBytes(Path folder) throws IOException {
            return Files.getFileStore(folder).getUsableSpace();
        }

        @Override
        public void write(FileChannel file, ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        }
    };

    long usableBytes(Path folder) throws IOException;

    /// Writes all of `bytes` at the file's position.
    void write(FileChannel file, ByteBuffer bytes) throws IOException;
}
