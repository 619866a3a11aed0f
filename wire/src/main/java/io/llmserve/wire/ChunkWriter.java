package io.llmserve.wire;

import org.jspecify.annotations.Nullable;

/// Writes the events of one streamed answer. What they all share is encoded once. Thread-safe.
public final class ChunkWriter {
    private final AnswerHead head;
    /// From `data: ` to the opening of `choices`.
    private final byte[] prefix;

    public ChunkWriter(AnswerHead head) {
        this.head = head;
        JsonBytes json = new JsonBytes(256);
        json.raw("data: ");
        head.shape().openChunk(json, head);
        prefix = json.raw(",\"choices\":[").toBytes();
    }

    /// Opens one choice of a chat: the assistant's role and no text yet. Text completions have no such chunk.
    public byte[] opening(int index, @Nullable Usage soFar, int @Nullable [] promptTokenIds) {
        JsonBytes json = new JsonBytes(prefix.length + 160).raw(prefix);
        json.raw("{\"index\":").number(index);
        json.raw(",\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]");
        return end(json, soFar, promptTokenIds);
    }

    /// @param soFar usage up to this chunk; null unless asked for
    /// @param promptTokenIds in the first chunk of a text completion; null unless asked for
    public byte[] part(ChoicePart part, @Nullable Usage soFar, int @Nullable [] promptTokenIds) {
        JsonBytes json = new JsonBytes(prefix.length + 160 + part.text().length()).raw(prefix);
        json.raw("{\"index\":").number(part.index());
        head.shape().writeDelta(json, part);
        part.writeEndTo(json);
        json.raw("}]");
        return end(json, soFar, promptTokenIds);
    }

    /// The last chunk: no choice, the usage of all.
    public byte[] usage(Usage usage) {
        JsonBytes json = new JsonBytes(prefix.length + 256).raw(prefix);
        json.raw("],\"usage\":");
        usage.writeTo(json);
        json.raw(",\"system_fingerprint\":").string(head.fingerprint());
        return json.raw("}\n\n").toBytes();
    }

    private static byte[] end(JsonBytes json, @Nullable Usage soFar, int @Nullable [] promptTokenIds) {
        if (soFar != null) {
            json.raw(",\"usage\":");
            soFar.writeTo(json);
        }
        if (promptTokenIds != null) {
            json.raw(",\"prompt_token_ids\":").numbers(promptTokenIds);
        }
        return json.raw("}\n\n").toBytes();
    }
}
