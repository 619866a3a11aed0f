package io.llmserve.transfer;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// CRC-32C of a page: finds torn, reused and damaged pages. It keeps no one out who means harm; TLS does.
final class Checksum {
    private Checksum() {}

    static int of(MemorySegment page) {
        CRC32C crc = new CRC32C();
        crc.update(page.asByteBuffer());
        return (int) crc.getValue();
    }
}
