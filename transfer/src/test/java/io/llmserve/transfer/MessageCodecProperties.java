package io.llmserve.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.llmserve.core.BlockHash;
import io.llmserve.testkit.Seeds;
import io.llmserve.transfer.Message.ReadyPage;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;

/// Messages survive the wire, and no bytes can do harm.
class MessageCodecProperties {
    @ParameterizedTest
    @Seeds(200)
    void whatIsEncodedIsDecoded(long seed) {
        Message message = message(new Random(seed));
        assertThat(MessageCodec.decode(MessageCodec.encode(message)))
                .usingRecursiveComparison()
                .isEqualTo(message);
    }

    @ParameterizedTest
    @Seeds(500)
    void damagedBytesAreAnErrorOrAnotherMessage(long seed) {
        Random random = new Random(seed);
        ByteBuffer encoded = MessageCodec.encode(message(random));
        byte[] bytes = new byte[Math.max(1, encoded.remaining() - random.nextInt(4))];
        encoded.get(bytes, 0, Math.min(bytes.length, encoded.remaining()));
        for (int damage = random.nextInt(6); damage > 0; damage--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        decodes(bytes);
    }

    @ParameterizedTest
    @Seeds(500)
    void anyBytesAreAnErrorOrAMessage(long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        if (bytes.length > 0) {
            bytes[0] = (byte) random.nextInt(14);
        }
        decodes(bytes);
    }

    private static void decodes(byte[] bytes) {
        assertThatCode(() -> {
                    try {
                        MessageCodec.decode(ByteBuffer.wrap(bytes));
                    } catch (TransferException e) {
                        assertThat(e.kind()).isEqualTo(TransferFailure.PROTOCOL);
                    }
                })
                .doesNotThrowAnyException();
    }

    private static Message message(Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> new Message.Hello(text(random), text(random), format(random));
            case 1 -> new Message.Welcome(bytes(random), offers(random));
            case 2 -> new Message.Use(any(random, EngineKind.values()), text(random));
            case 3 -> ready(random);
            case 4 -> new Message.Waiting();
            case 5 -> new Message.Taken(random.nextInt());
            case 6 -> new Message.Done(random.nextBoolean(), random.nextInt());
            case 7 -> new Message.Refused(any(random, TransferFailure.values()), text(random));
            case 8 -> new Message.Pair(any(random, EngineKind.values()), bytes(random), random.nextBoolean());
            case 9 -> new Message.Paired(text(random));
            case 10 -> new Message.Ask(random.ints(random.nextInt(30)).boxed().toList());
            default -> new Message.Attach(bytes(random));
        };
    }

    private static Message.Ready ready(Random random) {
        int first = random.nextInt(100);
        List<ReadyPage> pages = Stream.generate(() -> new ReadyPage(
                        random.nextLong(), new BlockHash(random.nextLong(), random.nextLong()), random.nextInt()))
                .limit(random.nextInt(20))
                .toList();
        return new Message.Ready(first + pages.size() + random.nextInt(5), first, pages);
    }

    private static List<Offer> offers(Random random) {
        return Stream.of(EngineKind.values())
                .map(kind -> random.nextBoolean() ? Offer.works(kind, bytes(random)) : Offer.lacks(kind, "no " + kind))
                .toList();
    }

    private static PageFormat format(Random random) {
        return new PageFormat(
                text(random),
                1 + random.nextInt(99),
                1 + random.nextInt(9),
                64,
                "f32",
                16,
                1 + random.nextInt(1 << 20));
    }

    private static <T> T any(Random random, T[] values) {
        return values[random.nextInt(values.length)];
    }

    private static String text(Random random) {
        return random.ints(random.nextInt(30), 32, 0x2000)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static byte[] bytes(Random random) {
        byte[] bytes = new byte[random.nextInt(64)];
        random.nextBytes(bytes);
        return bytes;
    }
}
