package io.llmserve.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import io.llmserve.testkit.CapturedKvEvents;
import io.llmserve.testkit.CapturedKvEvents.Message;
import io.llmserve.testkit.Seeds;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/// Bytes that no worker would send.
final class KvEventReaderProperties {
    /// Cut off, with changed bytes, or with bytes in between: a batch or one kind of error.
    @ParameterizedTest
    @Seeds(100)
    void damagedBatchesAreReadOrRefused(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> payloads =
                CapturedKvEvents.messages().stream().map(Message::payload).toList();
        for (int i = 0; i < 200; i++) {
            byte[] bytes = payloads.get(random.nextInt(payloads.size())).clone();
            if (random.nextBoolean()) {
                bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            }
            for (int change = random.nextInt(5); change > 0 && bytes.length > 0; change--) {
                bytes[random.nextInt(Math.min(bytes.length, 200))] = (byte) random.nextInt();
            }
            readOrRefused(bytes);
        }
    }

    @ParameterizedTest
    @Seeds(100)
    void soAreRandomBytes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            if (bytes.length > 12) {
                bytes[0] = (byte) 0x92; // two fields
                bytes[1] = (byte) 0xCB; // a time of eight bytes
                bytes[10] = (byte) 0x91; // one event
            }
            readOrRefused(bytes);
        }
    }

    /// An array of two thousand million hashes in a message of twenty bytes.
    @Test
    void whatIsOnlyAnnouncedIsNotAllocated() {
        byte[] bytes = new byte[20];
        byte[] head = {(byte) 0x92, (byte) 0xCB, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xDD, 0x7F, -1, -1, -1};
        System.arraycopy(head, 0, bytes, 0, head.length);
        assertThatThrownBy(() -> KvEventReader.read(0, bytes))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("announces 2147483647 elements where 5 bytes are left");
    }

    /// A hundred thousand lists in each other, where a field is passed over and where extra keys are.
    @Test
    void deepNestingIsNotFollowed() {
        for (String field : List.of("surprise", "extra_keys")) {
            byte[] bytes = new byte[100_000];
            Arrays.fill(bytes, (byte) 0x91);
            byte[] head = {(byte) 0x92, (byte) 0xCB, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0x91, (byte) 0x81};
            System.arraycopy(head, 0, bytes, 0, head.length);
            bytes[head.length] = (byte) (0xA0 + field.length());
            for (int i = 0; i < field.length(); i++) {
                bytes[head.length + 1 + i] = (byte) field.charAt(i);
            }
            bytes[bytes.length - 1] = (byte) 0xC0;
            assertThat(readOrRefused(bytes)).isTrue();
        }
    }

    private static boolean readOrRefused(byte[] bytes) {
        try {
            return KvEventReader.read(0, bytes).sequence() == 0;
        } catch (ServeException refused) {
            assertThat(refused.getMessage()).startsWith("A batch of KV events");
            return false;
        }
    }
}
