package io.llmserve.wire;

import io.llmserve.core.BlockHasher;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;

/// What else than tokens goes into a block, as vLLM has it in `extra_keys`: for each block nil or a list of
/// the adapter's name, the cache salt (of the first block), and what stands for images.
final class ExtraKeys {
    private ExtraKeys() {}

    /// A mark for each block: 0 where there is nothing but the adapter, that of the salt where there is
    /// nothing else beside; empty where all are 0.
    static long[] marks(byte[] payload, int from, int blocks, String adapter) throws IOException {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(payload, from, payload.length - from)) {
            int count = unpacker.unpackArrayHeader();
            if (count != blocks) {
                throw KvEventReader.invalid("has extra keys for %d blocks of %d".formatted(count, blocks));
            }
            long[] marks = new long[blocks];
            boolean any = false;
            for (int block = 0; block < blocks; block++) {
                marks[block] = unpacker.tryUnpackNil() ? 0 : mark(unpacker, payload, from, adapter);
                any |= marks[block] != 0;
            }
            return any ? marks : new long[0];
        }
    }

    /// An image, a pair of its hash and a place, is known by its bytes in the message.
    private static long mark(MessageUnpacker unpacker, byte[] payload, int from, String adapter) throws IOException {
        int count = unpacker.unpackArrayHeader();
        long whole = 0;
        for (int i = 0; i < count; i++) {
            boolean isText = unpacker.getNextFormat().getValueType().isStringType();
            String text = isText ? unpacker.unpackString() : bytes(unpacker, payload, from);
            if (i > 0 || !text.equals(adapter)) {
                long mark = BlockHasher.mark(text);
                whole = whole == 0 ? mark : BlockHasher.marked(whole, mark);
            }
        }
        return whole;
    }

    private static String bytes(MessageUnpacker unpacker, byte[] payload, int from) throws IOException {
        int start = (int) unpacker.getTotalReadBytes();
        unpacker.skipValue();
        int length = (int) unpacker.getTotalReadBytes() - start;
        return new String(payload, from + start, length, StandardCharsets.ISO_8859_1);
    }
}
