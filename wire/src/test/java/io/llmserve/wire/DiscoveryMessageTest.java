package io.llmserve.wire;

import static io.llmserve.wire.Bodies.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.testkit.Seeds;
import io.llmserve.wire.DiscoveryMessage.Heartbeat;
import io.llmserve.wire.DiscoveryMessage.Leave;
import io.llmserve.wire.DiscoveryMessage.Register;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import io.llmserve.wire.WorkerAnnouncement.Limits;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

class DiscoveryMessageTest {
    private static final WorkerAnnouncement WORKER = new WorkerAnnouncement(
            "w-1",
            WorkerRole.PREFILL,
            new HostPort("10.0.0.3", 8000),
            Optional.of(new HostPort("10.0.0.3", 20_001)),
            Engine.EMBEDDED,
            "e-1",
            "smollm2",
            List.of("lora-a", "lora-b"),
            new Limits(16, 4096, 32),
            true,
            "0.1.0");

    @Test
    void readsWhatItWrites() {
        WorkerAnnouncement plain = new WorkerAnnouncement(
                "w-2",
                WorkerRole.BOTH,
                new HostPort("::1", 1),
                Optional.empty(),
                Engine.VLLM,
                "",
                "m",
                List.of(),
                Limits.UNKNOWN,
                false,
                "");
        for (DiscoveryMessage message :
                List.of(new Register(WORKER), new Register(plain), new Heartbeat("w-1"), new Leave("w-1"))) {
            assertThat(DiscoveryMessage.decode(message.encode())).isEqualTo(message);
        }
        for (DiscoveryReply reply : DiscoveryReply.values()) {
            assertThat(DiscoveryReply.decode(reply.encode())).isEqualTo(reply);
        }
    }

    @Test
    void readsThePingOfVllmWithP2pNccl() throws IOException {
        byte[] ping = map("type", "P", "http_address", "10.0.1.2:20005", "zmq_address", "10.0.1.2:21001");
        assertThat(DiscoveryMessage.decode(ping)).isInstanceOfSatisfying(Register.class, register -> {
            assertThat(register.worker().role()).isEqualTo(WorkerRole.PREFILL);
            assertThat(register.worker().engine()).isEqualTo(Engine.VLLM_P2P_NCCL);
            assertThat(register.worker().httpAddress()).isEqualTo(new HostPort("10.0.1.2", 20_005));
            assertThat(register.worker().kvAddress()).contains(new HostPort("10.0.1.2", 21_001));
        });
    }

    @Test
    void ignoresFieldsOfLaterVersions() throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packMapHeader(3)
                    .packString("later")
                    .packArrayHeader(1)
                    .packMapHeader(1)
                    .packInt(1)
                    .packNil();
            packer.packString("type").packString("heartbeat").packString("id").packString("w");
            assertThat(DiscoveryMessage.decode(packer.toByteArray())).isEqualTo(new Heartbeat("w"));
        }
    }

    @Test
    void namesTheFieldThatIsWrong() throws IOException {
        assertThat(refusal(() -> DiscoveryMessage.decode(map("type", "hello"))).messageText())
                .isEqualTo("Discovery: type must be register, heartbeat, leave, P or D, got hello.");
        assertThat(refusal(() -> DiscoveryMessage.decode(map("type", "leave"))).parameter())
                .isEqualTo("id");
        assertThat(refusal(() -> DiscoveryMessage.decode(map("type", "P", "http_address", "x", "zmq_address", "h:1")))
                        .parameter())
                .isEqualTo("http_address");
        assertThat(refusal(() -> DiscoveryMessage.decode(new byte[DiscoveryMessage.MAX_BYTES + 1]))
                        .failure())
                .isEqualTo(Failure.TOO_LARGE);
    }

    @Test
    void believesNoLengthBeforeItsBytesAreThere() {
        byte[][] liars = {
            {(byte) 0xDF, 0x7F, -1, -1, -1},
            {(byte) 0x81, (byte) 0xDB, 0x7F, -1, -1, -1},
            {(byte) 0x81, (byte) 0xA1, 'x', (byte) 0xDD, 0x7F, -1, -1, -1},
            {(byte) 0x81, (byte) 0xA1, 'x', (byte) 0xC6, 0x7F, -1, -1, -1}
        };
        for (byte[] liar : liars) {
            assertThat(refusal(() -> DiscoveryMessage.decode(liar)).failure()).isEqualTo(Failure.INVALID_REQUEST);
        }
    }

    /// Whatever the bytes: a message, or one refusal.
    @ParameterizedTest
    @Seeds(2_000)
    void endsInAMessageOrInOneRefusal(long seed) {
        Random random = new Random(seed);
        byte[] bytes = new Register(WORKER).encode();
        for (int change = random.nextInt(4); change >= 0; change--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        byte[] cut = Arrays.copyOf(bytes, random.nextBoolean() ? bytes.length : random.nextInt(bytes.length));
        try {
            assertThat(DiscoveryMessage.decode(cut)).isNotNull();
        } catch (ServeException refused) {
            assertThat(refused.failure()).isEqualTo(Failure.INVALID_REQUEST);
        }
    }

    private static byte[] map(String... namesAndValues) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packMapHeader(namesAndValues.length / 2);
            for (String text : namesAndValues) {
                packer.packString(text);
            }
            return packer.toByteArray();
        }
    }
}
