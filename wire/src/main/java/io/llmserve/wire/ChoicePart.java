package io.llmserve.wire;

import org.jspecify.annotations.Nullable;

/// A part of one choice: what one chunk of a stream brings, or all of it.
///
/// @param index which of the answer's choices
/// @param logprobs of the tokens in this part; null unless asked for
/// @param tokenIds of the tokens in this part; null unless asked for
/// @param finish null while the choice goes on
public record ChoicePart(
        int index,
        String text,
        @Nullable Logprobs logprobs,
        int @Nullable [] tokenIds,
        @Nullable Finish finish) {

    void writeEndTo(JsonBytes json) {
        if (finish == null) {
            json.raw(",\"finish_reason\":null");
        } else {
            finish.writeTo(json);
        }
        if (tokenIds != null) {
            json.raw(",\"token_ids\":").numbers(tokenIds);
        }
    }
}
