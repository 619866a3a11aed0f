package io.llmserve.models.gguf;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/// Reads the front of a GGUF file (all but the tensors' numbers) in order, every length checked against the file's size
/// before it is used. The bytes lie on the heap: tokens and merges become a hundred thousand strings at start-up, and
/// these are made fastest from an array.
final class GgufCursor {
    private static final int MAX_FRONT_BYTES = 256 << 20;
    private static final int FIRST_READ_BYTES = 2 << 20;

    private final Path file;
    private final FileChannel channel;
    private final long fileBytes;
    private byte[] bytes = new byte[0];
    private int position;

    GgufCursor(Path file, FileChannel channel, long fileBytes) {
        this.file = file;
        this.channel = channel;
        this.fileBytes = fileBytes;
    }

    int position() {
        return position;
    }

    /// The bytes read so far; at least all that [#position()] has passed.
    byte[] bytes() {
        return bytes;
    }

    int unsignedByte(String what) {
        int at = advance(1, what);
        return bytes[at] & 0xFF;
    }

    int unsignedShort(String what) {
        int at = advance(2, what);
        return (bytes[at] & 0xFF) | (bytes[at + 1] & 0xFF) << 8;
    }

    int int32(String what) {
        int at = advance(4, what);
        return int32(bytes, at);
    }

    long int64(String what) {
        int at = advance(8, what);
        return int64(bytes, at);
    }

    String text(int limitBytes, String what) {
        int length = textLength(limitBytes, what);
        int at = advance(length, what);
        return new String(bytes, at, length, StandardCharsets.UTF_8);
    }

    void skipText(int limitBytes, String what) {
        advance(textLength(limitBytes, what), what);
    }

    /// A count of things that take at least `unitBytes` each, so that the file's size bounds it.
    int count(long limit, int unitBytes, String what) {
        long count = int64(what);
        long possible = (fileBytes - position) / unitBytes;
        if (count < 0 || count > Math.min(limit, possible)) {
            throw damaged(
                    file,
                    "%s at byte %d is %s, but at most %d are possible",
                    what,
                    position - 8,
                    Long.toUnsignedString(count),
                    Math.min(limit, possible));
        }
        return (int) count;
    }

    /// Passes over `length` bytes; returns where they began. May replace [#bytes()]: read that afterwards.
    int advance(long length, String what) {
        int start = position;
        if (length > fileBytes - start) {
            throw damaged(
                    file, "%s needs %d bytes at byte %d, but the file ends at byte %d", what, length, start, fileBytes);
        }
        if (start + length > bytes.length) {
            readUntil(start + length);
        }
        position = (int) (start + length);
        return start;
    }

    static int int32(byte[] bytes, int at) {
        return (bytes[at] & 0xFF)
                | (bytes[at + 1] & 0xFF) << 8
                | (bytes[at + 2] & 0xFF) << 16
                | (bytes[at + 3] & 0xFF) << 24;
    }

    static long int64(byte[] bytes, int at) {
        return (int32(bytes, at) & 0xFFFFFFFFL) | (long) int32(bytes, at + 4) << 32;
    }

    private int textLength(int limitBytes, String what) {
        long length = int64(what);
        if (length < 0 || length > limitBytes) {
            throw damaged(
                    file,
                    "%s at byte %d has %s bytes, at most %d are allowed",
                    what,
                    position - 8,
                    Long.toUnsignedString(length),
                    limitBytes);
        }
        return (int) length;
    }

    private void readUntil(long end) {
        if (end > MAX_FRONT_BYTES) {
            throw unsupported(file, "its metadata is longer than %d bytes", MAX_FRONT_BYTES);
        }
        int target = (int) Math.min(fileBytes, Math.min(MAX_FRONT_BYTES, Math.max(FIRST_READ_BYTES, end * 2)));
        int have = bytes.length;
        bytes = Arrays.copyOf(bytes, target);
        ByteBuffer rest = ByteBuffer.wrap(bytes, have, target - have);
        try {
            while (rest.hasRemaining()) {
                if (channel.read(rest, rest.position()) < 0) {
                    throw damaged(file, "it became shorter while being read");
                }
            }
        } catch (IOException e) {
            throw damaged(file, e, "reading failed at byte %d: %s", rest.position(), e.getMessage());
        }
    }
}
