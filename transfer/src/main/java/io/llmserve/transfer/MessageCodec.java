package io.llmserve.transfer;

import io.llmserve.core.BlockHash;
import io.llmserve.transfer.Message.ReadyPage;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Messages as bytes: `type u8`, then the fields in order, big-endian; strings and byte arrays with their
/// length before them (u16 and u32), lists with their size (u32). Whatever the bytes, decoding ends in a
/// message or in a [TransferException] of kind `PROTOCOL`.
final class MessageCodec {
    /// Enough for 2,000 ready pages, or any engine's metadata.
    static final int MAX_BYTES = 256 * 1024;

    private static final int MAX_TEXT_BYTES = 4096;

    private MessageCodec() {}

    static ByteBuffer encode(Message message) {
        ByteBuffer out = ByteBuffer.allocate(sizeAtMost(message));
        switch (message) {
            case Message.Hello hello -> {
                out.put((byte) 1);
                putString(out, hello.engineId());
                putString(out, hello.transferId());
                putFormat(out, hello.format());
            }
            case Message.Welcome welcome -> {
                out.put((byte) 2);
                putBytes(out, welcome.token());
                out.putInt(welcome.offers().size());
                for (Offer offer : welcome.offers()) {
                    putString(out, offer.kind().wireName());
                    putString(out, offer.reason());
                    putBytes(out, offer.details());
                }
            }
            case Message.Use use -> {
                out.put((byte) 3);
                putString(out, use.engine().wireName());
                putString(out, use.reason());
            }
            case Message.Ready ready -> putReady(out.put((byte) 4), ready);
            case Message.Waiting() -> out.put((byte) 5);
            case Message.Taken taken -> out.put((byte) 6).putInt(taken.pages());
            case Message.Done done ->
                out.put((byte) 7).put((byte) (done.whole() ? 1 : 0)).putInt(done.pages());
            case Message.Refused refused -> {
                out.put((byte) 8);
                putString(out, refused.kind().label());
                putString(out, refused.reason());
            }
            case Message.Attach attach -> putBytes(out.put((byte) 9), attach.token());
            case Message.Pair pair -> {
                putString(out.put((byte) 10), pair.engine().wireName());
                putBytes(out, pair.id());
                out.put((byte) (pair.fresh() ? 1 : 0));
            }
            case Message.Paired paired -> putString(out.put((byte) 11), paired.reason());
            case Message.Ask ask -> {
                out.put((byte) 12).putInt(ask.pages().size());
                ask.pages().forEach(out::putInt);
            }
        }
        return out.flip();
    }

    private static int sizeAtMost(Message message) {
        int text = 2 + MAX_TEXT_BYTES;
        return switch (message) {
            case Message.Hello _ -> 1 + 4 * text + 20;
            case Message.Welcome welcome ->
                9
                        + welcome.token().length
                        + welcome.offers().stream()
                                .mapToInt(offer -> 2 * text + 4 + offer.details().length)
                                .sum();
            case Message.Ready ready -> 13 + ready.pages().size() * ReadyPage.BYTES;
            case Message.Use _, Message.Refused _ -> 1 + 2 * text;
            case Message.Attach attach -> 5 + attach.token().length;
            case Message.Pair pair -> 6 + text + pair.id().length;
            case Message.Paired _ -> 1 + text;
            case Message.Ask ask -> 5 + 4 * ask.pages().size();
            case Message.Waiting _, Message.Taken _, Message.Done _ -> 6;
        };
    }

    static Message decode(ByteBuffer in) {
        try {
            Message message = decodeKind(in);
            if (in.hasRemaining()) {
                throw protocol("%d bytes after the end of a message".formatted(in.remaining()));
            }
            return message;
        } catch (BufferUnderflowException e) {
            throw protocol("a message ends too early");
        } catch (IllegalArgumentException e) {
            throw protocol("a message has a wrong value: " + e.getMessage());
        }
    }

    private static Message decodeKind(ByteBuffer in) {
        int type = in.get();
        return switch (type) {
            case 1 -> new Message.Hello(string(in), string(in), format(in));
            case 2 -> new Message.Welcome(bytes(in), offers(in));
            case 3 -> new Message.Use(engine(string(in)), string(in));
            case 4 -> ready(in);
            case 5 -> new Message.Waiting();
            case 6 -> new Message.Taken(in.getInt());
            case 7 -> new Message.Done(in.get() == 1, in.getInt());
            case 8 -> new Message.Refused(TransferFailure.byLabel(string(in)), string(in));
            case 9 -> new Message.Attach(bytes(in));
            case 10 -> new Message.Pair(engine(string(in)), bytes(in), in.get() == 1);
            case 11 -> new Message.Paired(string(in));
            case 12 -> new Message.Ask(indexes(in));
            default -> throw protocol("unknown message type " + type);
        };
    }

    private static void putReady(ByteBuffer out, Message.Ready ready) {
        out.putInt(ready.total()).putInt(ready.first()).putInt(ready.pages().size());
        for (ReadyPage page : ready.pages()) {
            out.putLong(page.offset());
            out.putLong(page.hash().high()).putLong(page.hash().low());
            out.putInt(page.checksum());
        }
    }

    private static Message ready(ByteBuffer in) {
        int total = in.getInt();
        int first = in.getInt();
        int count = size(in, ReadyPage.BYTES);
        if (first < 0 || count > total - first) {
            throw protocol("pages [%d, %d + %d) of %d are ready".formatted(first, first, count, total));
        }
        List<ReadyPage> pages = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            pages.add(new ReadyPage(in.getLong(), new BlockHash(in.getLong(), in.getLong()), in.getInt()));
        }
        return new Message.Ready(total, first, pages);
    }

    private static List<Integer> indexes(ByteBuffer in) {
        int count = size(in, 4);
        List<Integer> indexes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            indexes.add(in.getInt());
        }
        return indexes;
    }

    /// Engines that we do not know are not for us.
    private static List<Offer> offers(ByteBuffer in) {
        int count = size(in, 8);
        List<Offer> offers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            String name = string(in);
            String reason = string(in);
            byte[] details = bytes(in);
            EngineKind.byName(name).ifPresent(kind -> offers.add(new Offer(kind, reason, details)));
        }
        return offers;
    }

    private static EngineKind engine(String name) {
        return EngineKind.byName(name).orElseThrow(() -> protocol("unknown data engine " + name));
    }

    private static void putFormat(ByteBuffer out, PageFormat format) {
        putString(out, format.modelFingerprint());
        out.putInt(format.layers()).putInt(format.kvHeads()).putInt(format.headDimension());
        putString(out, format.dtype());
        out.putInt(format.pagePositions()).putInt(format.pageBytes());
    }

    private static PageFormat format(ByteBuffer in) {
        return new PageFormat(string(in), in.getInt(), in.getInt(), in.getInt(), string(in), in.getInt(), in.getInt());
    }

    /// Reasons may be long; what does not fit a message is cut.
    private static void putString(ByteBuffer out, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(utf8.length, MAX_TEXT_BYTES);
        out.putShort((short) length).put(utf8, 0, length);
    }

    private static String string(ByteBuffer in) {
        byte[] utf8 = new byte[Math.min(Short.toUnsignedInt(in.getShort()), in.remaining() + 1)];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static void putBytes(ByteBuffer out, byte[] value) {
        out.putInt(value.length).put(value);
    }

    private static byte[] bytes(ByteBuffer in) {
        byte[] value = new byte[size(in, 1)];
        in.get(value);
        return value;
    }

    /// How many elements of at least `elementBytes` follow; never more than the message can hold.
    private static int size(ByteBuffer in, int elementBytes) {
        int count = in.getInt();
        if (count < 0 || count > in.remaining() / elementBytes) {
            throw protocol("a list of %d in %d bytes".formatted(count, in.remaining()));
        }
        return count;
    }

    private static TransferException protocol(String what) {
        return new TransferException(TransferFailure.PROTOCOL, what);
    }
}
