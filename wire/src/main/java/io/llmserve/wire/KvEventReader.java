package io.llmserve.wire;

import io.llmserve.core.Failure;
import io.llmserve.core.KvEvent;
import io.llmserve.core.KvEventBatch;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;

/// Reads what a worker publishes about its prefix cache, as vLLM does: `[seconds, [event, ...], rank]` in
/// msgpack, an event being a map of named fields (vLLM 0.32) or an array in a fixed order (before). Fields
/// and events that are not known are passed over, missing ones have their default. Nothing is allocated for
/// elements that are only claimed: no array has more of them than the message has bytes left.
public final class KvEventReader {
    /// A batch is one step of an engine: a prompt of a million tokens computed at once is under 6 MB.
    public static final int MAX_BYTES = 32 << 20;

    private KvEventReader() {}

    /// The batch with this sequence number. INVALID_REQUEST where it is none.
    public static KvEventBatch read(long sequence, byte[] payload) {
        if (payload.length > MAX_BYTES) {
            throw new ServeException(
                    Failure.TOO_LARGE,
                    "A batch of KV events has %d bytes; at most %d are allowed.".formatted(payload.length, MAX_BYTES));
        }
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(payload)) {
            int fields = unpacker.unpackArrayHeader();
            if (fields < 2) {
                throw invalid("has %d fields, at least the time and the events are needed".formatted(fields));
            }
            double seconds = unpacker.unpackDouble();
            int count = KvEventFields.count(unpacker, payload);
            List<KvEvent> events = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                event(unpacker, payload).ifPresent(events::add);
            }
            return new KvEventBatch(sequence, seconds, events);
        } catch (IOException | MessagePackException | IllegalArgumentException broken) {
            throw new ServeException(
                    Failure.INVALID_REQUEST,
                    "A batch of KV events of %d bytes cannot be read: %s"
                            .formatted(payload.length, broken.getMessage()),
                    broken);
        }
    }

    private static Optional<KvEvent> event(MessageUnpacker unpacker, byte[] payload) throws IOException {
        KvEventFields fields = new KvEventFields(payload);
        if (unpacker.getNextFormat().getValueType().isArrayType()) {
            fields.readInOrder(unpacker);
        } else {
            fields.readByName(unpacker);
        }
        return fields.event();
    }

    static ServeException invalid(String what) {
        return new ServeException(Failure.INVALID_REQUEST, "A batch of KV events " + what + ".");
    }
}
