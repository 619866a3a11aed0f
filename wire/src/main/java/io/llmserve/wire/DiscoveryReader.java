package io.llmserve.wire;

import io.llmserve.core.Failure;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.wire.DiscoveryMessage.Heartbeat;
import io.llmserve.wire.DiscoveryMessage.Leave;
import io.llmserve.wire.DiscoveryMessage.Register;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import io.llmserve.wire.WorkerAnnouncement.Limits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ValueType;

/// Reads discovery messages: those of our workers, and those of vLLM with P2pNcclConnector, whose pings are
/// `{type: "P" | "D", http_address, zmq_address}`. The map is read field by field, never as a tree: a header
/// may claim any size, and nothing is allocated before its bytes are there. Unknown fields are ignored.
final class DiscoveryReader {
    private static final int MAX_FIELDS = 64;
    private static final int MAX_ADAPTERS = 1_024;

    private final Map<String, String> texts = new HashMap<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<String> adapters = new ArrayList<>();
    private boolean kvStreaming;

    private DiscoveryReader() {}

    static DiscoveryMessage read(byte[] message) {
        DiscoveryReader fields = fields(message);
        return switch (fields.text("type")) {
            case "register" -> new Register(fields.worker());
            case "heartbeat" -> new Heartbeat(fields.text("id"));
            case "leave" -> new Leave(fields.text("id"));
            case "P" -> new Register(fields.nccl(WorkerRole.PREFILL));
            case "D" -> new Register(fields.nccl(WorkerRole.DECODE));
            case String type ->
                throw invalid("type", "must be register, heartbeat, leave, P or D, got " + StrictJson.shortened(type));
        };
    }

    static DiscoveryReply reply(byte[] message) {
        return switch (fields(message).text("type")) {
            case "welcome" -> DiscoveryReply.WELCOME;
            case "unknown" -> DiscoveryReply.UNKNOWN;
            case String type -> throw invalid("type", "must be welcome or unknown, got " + StrictJson.shortened(type));
        };
    }

    private static DiscoveryReader fields(byte[] message) {
        if (message.length > DiscoveryMessage.MAX_BYTES) {
            throw new ServeException(
                    Failure.TOO_LARGE,
                    "A discovery message has %d bytes; at most %d are allowed."
                            .formatted(message.length, DiscoveryMessage.MAX_BYTES));
        }
        DiscoveryReader fields = new DiscoveryReader();
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(message)) {
            int count = unpacker.unpackMapHeader();
            if (count > MAX_FIELDS) {
                throw invalid("the map", "has %d fields; at most %d are allowed".formatted(count, MAX_FIELDS));
            }
            for (int i = 0; i < count; i++) {
                fields.field(unpacker.unpackString(), unpacker);
            }
            return fields;
        } catch (IOException | MessagePackException broken) {
            throw new ServeException(
                    Failure.INVALID_REQUEST, "A discovery message is not a msgpack map of named fields.", broken);
        }
    }

    private void field(String name, MessageUnpacker unpacker) throws IOException {
        ValueType type = unpacker.getNextFormat().getValueType();
        switch (name) {
            case "adapters" -> adapters(unpacker);
            case "kv_streaming" -> kvStreaming = type == ValueType.BOOLEAN ? unpacker.unpackBoolean() : skip(unpacker);
            default -> {
                switch (type) {
                    case STRING -> texts.put(name, unpacker.unpackString());
                    case INTEGER -> numbers.put(name, unpacker.unpackInt());
                    case NIL, BOOLEAN, FLOAT, BINARY, ARRAY, MAP, EXTENSION -> skip(unpacker);
                }
            }
        }
    }

    private static boolean skip(MessageUnpacker unpacker) throws IOException {
        unpacker.skipValue();
        return false;
    }

    private void adapters(MessageUnpacker unpacker) throws IOException {
        int count = unpacker.unpackArrayHeader();
        if (count > MAX_ADAPTERS) {
            throw invalid("adapters", "has %d names; at most %d are allowed".formatted(count, MAX_ADAPTERS));
        }
        for (int i = 0; i < count; i++) {
            adapters.add(unpacker.unpackString());
        }
    }

    private WorkerAnnouncement worker() {
        String role = text("role");
        String engine = text("engine");
        Optional<HostPort> kvAddress =
                texts.containsKey("kv_address") ? Optional.of(address("kv_address")) : Optional.empty();
        if (kvStreaming && kvAddress.isEmpty()) {
            throw invalid("kv_streaming", "is true without a kv_address");
        }
        return new WorkerAnnouncement(
                text("id"),
                WorkerRole.of(role)
                        .orElseThrow(() ->
                                invalid("role", "must be prefill, decode or both, got " + StrictJson.shortened(role))),
                address("http_address"),
                kvAddress,
                Engine.of(engine)
                        .orElseThrow(() ->
                                invalid("engine", "must be embedded or vllm, got " + StrictJson.shortened(engine))),
                texts.getOrDefault("engine_id", ""),
                text("model"),
                adapters,
                new Limits(limit("block_size"), limit("max_model_len"), limit("max_num_seqs")),
                kvStreaming,
                texts.getOrDefault("version", ""));
    }

    private WorkerAnnouncement nccl(WorkerRole role) {
        HostPort http = address("http_address");
        return new WorkerAnnouncement(
                http.toString(),
                role,
                http,
                Optional.of(address("zmq_address")),
                Engine.VLLM_P2P_NCCL,
                "",
                texts.getOrDefault("model", ""),
                List.of(),
                Limits.UNKNOWN,
                false,
                "");
    }

    private String text(String name) {
        String value = texts.getOrDefault(name, "");
        if (value.isBlank()) {
            throw invalid(name, "is required");
        }
        return value;
    }

    private HostPort address(String name) {
        try {
            return HostPort.parse(text(name));
        } catch (IllegalArgumentException wrong) {
            throw invalid(name, "is wrong: " + wrong.getMessage());
        }
    }

    private int limit(String name) {
        int value = numbers.getOrDefault(name, 0);
        if (value < 0) {
            throw invalid(name, "must not be negative, got " + value);
        }
        return value;
    }

    private static ServeException invalid(String name, String complaint) {
        return ServeException.invalid(name, "Discovery: %s %s.".formatted(name, complaint));
    }
}
