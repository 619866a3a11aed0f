package io.llmserve.text;

import io.llmserve.text.Detokenization.LeadingSpace;

/// Turns one stream of token ids into text as they come. What [#push] returns is final: never half a character, and
/// all of it together with [#finish] is what [Tokenizer#decode] makes of all the ids. For one thread.
public final class IncrementalDecoder {
    private final Tokenizer tokenizer;
    private final boolean skipSpecial;
    private final Utf8Assembler assembler = new Utf8Assembler();
    private final StringBuilder text = new StringBuilder();
    private LeadingSpace leadingSpace;

    /// @param continuesText the ids follow others (a completion): a leading space is part of the text
    IncrementalDecoder(Tokenizer tokenizer, boolean skipSpecial, boolean continuesText) {
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
        this.leadingSpace = continuesText ? LeadingSpace.KEEP : tokenizer.leadingSpace();
    }

    /// The text that this token makes final; often empty, when it ends within a character.
    public String push(int tokenId) {
        append(tokenId);
        return take();
    }

    /// The rest: U+FFFD where the ids ended within a character.
    public String finish() {
        assembler.finish(text);
        return take();
    }

    void append(int tokenId) {
        if (skipSpecial && tokenizer.isSpecial(tokenId)) {
            return;
        }
        byte[] bytes = tokenizer.bytes(tokenId);
        if (bytes.length > 0) {
            assembler.append(bytes, leadingSpaces(bytes), text);
        }
    }

    String take() {
        if (text.isEmpty()) {
            return "";
        }
        String taken = text.toString();
        text.setLength(0);
        return taken;
    }

    private int leadingSpaces(byte[] bytes) {
        int limit = switch (leadingSpace) {
            case KEEP -> 0;
            case DROP_ONE -> 1;
            case DROP_OF_FIRST_TOKEN -> bytes.length;
        };
        leadingSpace = LeadingSpace.KEEP;
        int spaces = 0;
        while (spaces < limit && bytes[spaces] == ' ') {
            spaces++;
        }
        return spaces;
    }
}
