package io.llmserve.wire;

import io.llmserve.core.KvEventBatch;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What a vLLM 0.32 published while it served some requests and its cache was cleared now and then: repeated
/// `[u32 frames]{[u32 length][bytes]}`, the frames being topic, sequence and payload.
final class CapturedEvents {
    static final int EVENTS = 26;

    private CapturedEvents() {}

    static List<byte[]> payloads() throws IOException {
        List<byte[]> payloads = new ArrayList<>();
        try (DataInputStream frames =
                new DataInputStream(new ByteArrayInputStream(Goldens.bytes("vllm-kv-events.bin")))) {
            while (frames.available() > 0) {
                int count = frames.readInt();
                for (int frame = 0; frame < count; frame++) {
                    byte[] bytes = frames.readNBytes(frames.readInt());
                    if (frame == count - 1) {
                        payloads.add(bytes);
                    }
                }
            }
        }
        return payloads;
    }

    static List<KvEventBatch> read() throws IOException {
        List<KvEventBatch> batches = new ArrayList<>();
        for (byte[] payload : payloads()) {
            batches.add(KvEventReader.read(batches.size(), payload));
        }
        return batches;
    }
}
