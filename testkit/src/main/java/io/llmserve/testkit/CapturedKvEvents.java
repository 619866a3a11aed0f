package io.llmserve.testkit;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What a vLLM 0.32 published about its prefix cache while it served some requests and the cache was cleared
/// now and then: repeated `[u32 frames]{[u32 length][bytes]}`, the frames being topic, sequence and payload.
public final class CapturedKvEvents {
    private CapturedKvEvents() {}

    /// @param payload in msgpack
    public record Message(long sequence, byte[] payload) {}

    public static List<Message> messages() {
        List<Message> messages = new ArrayList<>();
        try (InputStream file = CapturedKvEvents.class.getResourceAsStream("vllm-kv-events.bin")) {
            if (file == null) {
                throw new AssertionError("no resource vllm-kv-events.bin");
            }
            DataInputStream frames = new DataInputStream(new ByteArrayInputStream(file.readAllBytes()));
            while (frames.available() > 0) {
                List<byte[]> message = new ArrayList<>();
                for (int left = frames.readInt(); left > 0; left--) {
                    message.add(frames.readNBytes(frames.readInt()));
                }
                messages.add(new Message(ByteBuffer.wrap(message.get(1)).getLong(), message.get(2)));
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return messages;
    }
}
