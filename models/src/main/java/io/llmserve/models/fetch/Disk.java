package io.llmserve.models.fetch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;

/// The disk that files are written to; tests fill it up.
public interface Disk {
    Disk REAL = new Disk() {
        @Override
        public long usableBytes(Path folder) throws IOException {
            return Files.getFileStore(folder).getUsableSpace();
        }

        @Override
        public FileChannel open(Path file, OpenOption... options) throws IOException {
            return FileChannel.open(file, options);
        }
    };

    long usableBytes(Path folder) throws IOException;

    FileChannel open(Path file, OpenOption... options) throws IOException;
}
