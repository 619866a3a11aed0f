package io.llmserve.wire;

import io.llmserve.core.KvEvent;
import io.llmserve.core.KvGroup;
import io.llmserve.core.KvMedium;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.msgpack.core.MessageFormat;
import org.msgpack.core.MessageUnpacker;

/// The fields of one KV event, in whatever order they come, and the event that they make.
final class KvEventFields {
    private static final List<String> STORED = List.of(
            "block_hashes",
            "parent_block_hash",
            "token_ids",
            "block_size",
            "lora_id",
            "medium",
            "lora_name",
            "extra_keys",
            "group_idx",
            "kv_cache_spec_kind");
    private static final List<String> REMOVED = List.of("block_hashes", "medium", "group_idx");

    /// Kinds of layers that keep all of the context. An engine that names no kind has these only.
    private static final List<String> WHOLE_CONTEXT =
            List.of("", "full_attention", "mla_attention", "sink_full_attention");

    private final byte[] payload;
    private String type = "";
    private long[] names = new long[0];
    private OptionalLong parent = OptionalLong.empty();
    private int[] tokens = new int[0];
    private int blockTokens;
    private String adapterNumber = "";
    private String adapter = "";
    private String medium = "";
    private int group;
    private String kind = "";
    /// Where the extra keys begin: they are read when the adapter is known. -1 for none.
    private int extraKeys = -1;

    KvEventFields(byte[] payload) {
        this.payload = payload;
    }

    /// The length of the array that follows.
    static int count(MessageUnpacker unpacker, byte[] payload) throws IOException {
        int count = unpacker.unpackArrayHeader();
        long left = payload.length - unpacker.getTotalReadBytes();
        if (count > left) {
            throw KvEventReader.invalid("announces %d elements where %d bytes are left".formatted(count, left));
        }
        return count;
    }

    void readByName(MessageUnpacker unpacker) throws IOException {
        int count = unpacker.unpackMapHeader();
        for (int i = 0; i < count; i++) {
            field(unpacker.unpackString(), unpacker);
        }
    }

    void readInOrder(MessageUnpacker unpacker) throws IOException {
        int count = count(unpacker, payload);
        if (count == 0) {
            throw KvEventReader.invalid("has an event without a type");
        }
        type = unpacker.unpackString();
        List<String> order = type.equals("BlockStored") ? STORED : REMOVED;
        for (int i = 1; i < count; i++) {
            field(i <= order.size() ? order.get(i - 1) : "", unpacker);
        }
    }

    private void field(String name, MessageUnpacker unpacker) throws IOException {
        if (unpacker.tryUnpackNil()) {
            return;
        }
        switch (name) {
            case "type" -> type = unpacker.unpackString();
            case "block_hashes" -> names = names(unpacker);
            case "parent_block_hash" -> parent = OptionalLong.of(name(unpacker));
            case "token_ids" -> tokens = tokens(unpacker);
            case "block_size" -> blockTokens = unpacker.unpackInt();
            case "lora_id" -> adapterNumber = "#" + unpacker.unpackLong();
            case "lora_name" -> adapter = unpacker.unpackString();
            case "medium" -> medium = unpacker.unpackString();
            case "group_idx" -> group = unpacker.unpackInt();
            case "kv_cache_spec_kind" -> kind = unpacker.unpackString();
            case "extra_keys" -> {
                extraKeys = (int) unpacker.getTotalReadBytes();
                unpacker.skipValue();
            }
            default -> unpacker.skipValue();
        }
    }

    private long[] names(MessageUnpacker unpacker) throws IOException {
        long[] read = new long[count(unpacker, payload)];
        for (int i = 0; i < read.length; i++) {
            read[i] = name(unpacker);
        }
        return read;
    }

    /// A number of 64 bits, or bytes of which the last eight are that number.
    private long name(MessageUnpacker unpacker) throws IOException {
        MessageFormat format = unpacker.getNextFormat();
        if (format == MessageFormat.UINT64) {
            return ByteBuffer.wrap(unpacker.readPayload(Long.BYTES + 1)).getLong(1);
        }
        if (format.getValueType().isIntegerType()) {
            return unpacker.unpackLong();
        }
        int length =
                format.getValueType().isBinaryType() ? unpacker.unpackBinaryHeader() : unpacker.unpackRawStringHeader();
        if (length > payload.length - unpacker.getTotalReadBytes()) {
            throw KvEventReader.invalid("announces a block hash of %d bytes".formatted(length));
        }
        long name = 0;
        for (byte value : unpacker.readPayload(length)) {
            name = (name << 8) | (value & 0xFF);
        }
        return name;
    }

    private int[] tokens(MessageUnpacker unpacker) throws IOException {
        int[] read = new int[count(unpacker, payload)];
        for (int i = 0; i < read.length; i++) {
            read[i] = unpacker.unpackInt();
        }
        return read;
    }

    /// Empty where the type is not known.
    Optional<KvEvent> event() throws IOException {
        KvGroup of = new KvGroup(group, WHOLE_CONTEXT.contains(kind));
        return switch (type) {
            case "BlockStored" -> stored(of);
            case "BlockRemoved" -> Optional.of(new KvEvent.Removed(names, medium(), of));
            case "AllBlocksCleared" -> Optional.of(new KvEvent.Cleared());
            default -> Optional.empty();
        };
    }

    /// Empty where some blocks have no hash, as layers with a window have it: nothing tells which tokens are
    /// whose.
    private Optional<KvEvent> stored(KvGroup of) throws IOException {
        if (tokens.length > 0 && tokens.length != (long) names.length * blockTokens) {
            return Optional.empty();
        }
        String named = adapter.isEmpty() ? adapterNumber : adapter;
        long[] marks = extraKeys < 0 ? new long[0] : ExtraKeys.marks(payload, extraKeys, names.length, named);
        return Optional.of(new KvEvent.Stored(names, parent, tokens, blockTokens, marks, named, medium(), of));
    }

    private KvMedium medium() {
        return switch (medium) {
            case "", "GPU" -> KvMedium.DEVICE;
            case String name when name.toUpperCase(Locale.ROOT).startsWith("CPU") -> KvMedium.HOST;
            case String elsewhere -> KvMedium.STORAGE;
        };
    }
}
