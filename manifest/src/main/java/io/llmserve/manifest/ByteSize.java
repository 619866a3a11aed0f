package io.llmserve.manifest;

import static io.llmserve.core.Checks.check;

/// An amount of memory or disk. Written with a binary unit: `512MiB`, `2GiB`.
public record ByteSize(long bytes) implements Comparable<ByteSize> {
    public static final long KIB = 1L << 10;
    public static final long MIB = 1L << 20;
    public static final long GIB = 1L << 30;

    public ByteSize {
        check(bytes >= 0, "a size is not negative, got %d bytes", bytes);
    }

    @Override
    public int compareTo(ByteSize other) {
        return Long.compare(bytes, other.bytes);
    }

    /// The shortest exact form: `1GiB`, `1536MiB`, `10B`.
    @Override
    public String toString() {
        if (bytes == 0 || bytes % KIB != 0) {
            return bytes + "B";
        }
        if (bytes % GIB == 0) {
            return bytes / GIB + "GiB";
        }
        return bytes % MIB == 0 ? bytes / MIB + "MiB" : bytes / KIB + "KiB";
    }
}
