package io.llmserve.text;

/// What the spelling of a special token (`<|im_end|>`) inside a text means.
public enum Specials {
    /// It is the special token, as in a raw prompt of `/v1/completions`.
    PARSE,
    /// It is text like any other, as in the content of a chat message.
    AS_TEXT
}
