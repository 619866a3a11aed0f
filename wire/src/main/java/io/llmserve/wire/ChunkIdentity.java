package io.llmserve.wire;

import java.util.LinkedHashMap;
import java.util.Map;

/// The fields by which a client knows that chunks belong to one answer, as they stand in its first one.
///
/// @param fields their values as JSON, by name, in order
public record ChunkIdentity(Map<String, byte[]> fields) {
    public ChunkIdentity {
        fields = new LinkedHashMap<>(fields);
    }

    /// The chunk behind the last token that says what the answer has cost.
    public byte[] usage(int promptTokens, int completionTokens) {
        JsonBytes json = new JsonBytes(256).raw("{");
        fields.forEach((name, value) -> json.string(name).raw(":").raw(value).raw(","));
        return json.raw("\"choices\":[],\"usage\":{\"prompt_tokens\":")
                .number(promptTokens)
                .raw(",\"total_tokens\":")
                .number((long) promptTokens + completionTokens)
                .raw(",\"completion_tokens\":")
                .number(completionTokens)
                .raw("}}")
                .toBytes();
    }
}
