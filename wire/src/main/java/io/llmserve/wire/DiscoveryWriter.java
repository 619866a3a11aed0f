package io.llmserve.wire;

import io.llmserve.wire.DiscoveryMessage.Heartbeat;
import io.llmserve.wire.DiscoveryMessage.Leave;
import io.llmserve.wire.DiscoveryMessage.Register;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/// Writes discovery messages as msgpack maps.
final class DiscoveryWriter {
    private DiscoveryWriter() {}

    static byte[] write(DiscoveryMessage message) {
        return packed(packer -> {
            switch (message) {
                case Register(WorkerAnnouncement worker) -> register(packer, worker);
                case Heartbeat(String id) -> brief(packer, "heartbeat", id);
                case Leave(String id) -> brief(packer, "leave", id);
            }
        });
    }

    static byte[] reply(String type) {
        return packed(packer -> packer.packMapHeader(1).packString("type").packString(type));
    }

    private static void brief(MessageBufferPacker packer, String type, String id) throws IOException {
        packer.packMapHeader(2);
        text(packer, "type", type);
        text(packer, "id", id);
    }

    private static void register(MessageBufferPacker packer, WorkerAnnouncement worker) throws IOException {
        packer.packMapHeader(14);
        text(packer, "type", "register");
        text(packer, "id", worker.id());
        text(packer, "role", worker.role().wireName());
        text(packer, "http_address", worker.httpAddress().toString());
        packer.packString("kv_address");
        if (worker.kvAddress().isPresent()) {
            packer.packString(worker.kvAddress().get().toString());
        } else {
            packer.packNil();
        }
        text(packer, "engine", worker.engine().wireName());
        text(packer, "engine_id", worker.engineId());
        text(packer, "model", worker.model());
        list(packer, worker.adapters());
        number(packer, "block_size", worker.limits().blockSize());
        number(packer, "max_model_len", worker.limits().maxModelLength());
        number(packer, "max_num_seqs", worker.limits().maxSequences());
        packer.packString("kv_streaming").packBoolean(worker.kvStreaming());
        text(packer, "version", worker.version());
    }

    private static void list(MessageBufferPacker packer, List<String> adapters) throws IOException {
        packer.packString("adapters").packArrayHeader(adapters.size());
        for (String adapter : adapters) {
            packer.packString(adapter);
        }
    }

    private static void text(MessageBufferPacker packer, String name, String value) throws IOException {
        packer.packString(name).packString(value);
    }

    private static void number(MessageBufferPacker packer, String name, int value) throws IOException {
        packer.packString(name).packInt(value);
    }

    private interface Content {
        void pack(MessageBufferPacker packer) throws IOException;
    }

    private static byte[] packed(Content content) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            content.pack(packer);
            return packer.toByteArray();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
