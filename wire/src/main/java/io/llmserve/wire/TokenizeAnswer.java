package io.llmserve.wire;

import java.util.List;
import java.util.Optional;

/// The answer of `POST /tokenize`, and beside it that of `POST /detokenize`.
///
/// @param tokenStrings the tokens as the vocabulary spells them; empty unless asked for
public record TokenizeAnswer(int[] tokens, int maxModelLength, Optional<List<String>> tokenStrings) {
    public byte[] toJson() {
        JsonBytes json = new JsonBytes(64 + 6 * tokens.length);
        json.raw("{\"count\":").number(tokens.length);
        json.raw(",\"max_model_len\":").number(maxModelLength);
        json.raw(",\"tokens\":").numbers(tokens).raw(",\"token_strs\":");
        if (tokenStrings.isEmpty()) {
            return json.raw("null}").toBytes();
        }
        List<String> strings = tokenStrings.get();
        for (int i = 0; i < strings.size(); i++) {
            json.raw(i == 0 ? "[" : ",").string(strings.get(i));
        }
        return json.raw(strings.isEmpty() ? "[]}" : "]}").toBytes();
    }

    public static byte[] detokenized(String prompt) {
        return new JsonBytes(32 + prompt.length())
                .raw("{\"prompt\":")
                .string(prompt)
                .raw("}")
                .toBytes();
    }
}
