package io.llmserve.wire;

/// Which of the completion endpoints answers.
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
    },
    /// vLLM's `/inference/v1/generate`: token ids stand where text would.
    TOKENS("generate-tokens-", "", "") {
        @Override
        void openWhole(JsonBytes json, AnswerHead head) {
            json.raw("{\"request_id\":").string(head.id());
            json.raw(",\"created\":").number(head.createdSeconds());
            json.raw(",\"model\":").string(head.model());
            json.raw(",\"output_mode\":\"tokens\"");
        }

        @Override
        void openChunk(JsonBytes json, AnswerHead head) {
            json.raw("{\"request_id\":").string(head.id()).raw(",\"output_mode\":\"tokens\"");
        }

        @Override
        void writeText(JsonBytes json, ChoicePart part) {
            json.raw(",\"logprobs\":");
            if (part.logprobs() == null) {
                json.raw("null");
            } else {
                part.logprobs().writeChatTo(json);
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

    /// Opens an answer in one piece: what comes before its choices.
    void openWhole(JsonBytes json, AnswerHead head) {
        open(json, head, object);
    }

    /// Opens one chunk of a stream.
    void openChunk(JsonBytes json, AnswerHead head) {
        open(json, head, chunkObject);
    }

    private static void open(JsonBytes json, AnswerHead head, String object) {
        json.raw("{\"id\":").string(head.id());
        json.raw(",\"object\":").string(object);
        json.raw(",\"created\":").number(head.createdSeconds());
        json.raw(",\"model\":").string(head.model());
    }

    abstract void writeText(JsonBytes json, ChoicePart part);

    abstract void writeDelta(JsonBytes json, ChoicePart part);
}
