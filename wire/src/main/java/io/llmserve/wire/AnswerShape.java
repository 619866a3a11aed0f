package io.llmserve.wire;

/// Which of the two completion endpoints answers.
public enum AnswerShape {
    CHAT("chatcmpl-", "chat.completion", "chat.completion.chunk") {
        @Override
        void writeText(JsonBytes json, ChoicePart part) {
            json.raw(",\"message\":{\"role\":\"assistant\",\"content\":")
                    .string(part.text())
                    .raw(",\"refusal\":null},\"logprobs\":");
            writeLogprobs(json, part);
        }

        @Override
        void writeDelta(JsonBytes json, ChoicePart part) {
            json.raw(",\"delta\":{\"content\":").string(part.text()).raw("},\"logprobs\":");
            writeLogprobs(json, part);
        }

        private void writeLogprobs(JsonBytes json, ChoicePart part) {
            if (part.logprobs() == null) {
                json.raw("null");
            } else {
                part.logprobs().writeChatTo(json);
            }
        }
    },
    TEXT("cmpl-", "text_completion", "text_completion") {
        @Override
        void writeText(JsonBytes json, ChoicePart part) {
            json.raw(",\"text\":").string(part.text()).raw(",\"logprobs\":");
            if (part.logprobs() == null) {
                json.raw("null");
            } else {
                part.logprobs().writeTextTo(json);
            }
        }

        @Override
        void writeDelta(JsonBytes json, ChoicePart part) {
            writeText(json, part);
        }
    };

    private final String idPrefix;
    private final String object;
    private final String chunkObject;

    AnswerShape(String idPrefix, String object, String chunkObject) {
        this.idPrefix = idPrefix;
        this.object = object;
        this.chunkObject = chunkObject;
    }

    /// What ids of answers begin with.
    public String idPrefix() {
        return idPrefix;
    }

    String object() {
        return object;
    }

    String chunkObject() {
        return chunkObject;
    }

    abstract void writeText(JsonBytes json, ChoicePart part);

    abstract void writeDelta(JsonBytes json, ChoicePart part);
}
