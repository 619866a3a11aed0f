package io.llmserve.wire;

import java.util.List;
import java.util.Optional;

/// Writes an answer whole: `chat.completion`, `text_completion` or tokens.
public final class AnswerWriter {
    private static final int[] NO_TOKENS = {};

    private AnswerWriter() {}

    public static byte[] write(AnswerHead head, List<ChoicePart> choices, Usage usage) {
        return write(head, choices, usage, List.of(), Optional.empty());
    }

    /// @param promptTokenIds of each prompt, in the order of the choices; empty unless asked for
    /// @param kvTransfer where the pages of the prompt may be fetched
    public static byte[] write(
            AnswerHead head,
            List<ChoicePart> choices,
            Usage usage,
            List<int[]> promptTokenIds,
            Optional<KvTransfer> kvTransfer) {
        JsonBytes json = new JsonBytes(512);
        head.shape().openWhole(json, head);
        json.raw(",\"choices\":[");
        for (int i = 0; i < choices.size(); i++) {
            json.raw(i == 0 ? "" : ",");
            boolean withPrompt = head.shape() == AnswerShape.TEXT && !promptTokenIds.isEmpty();
            int[] prompt = withPrompt ? promptTokenIds.get(i * promptTokenIds.size() / choices.size()) : NO_TOKENS;
            writeChoice(json, head.shape(), choices.get(i), prompt);
        }
        json.raw("],\"service_tier\":null,\"system_fingerprint\":").string(head.fingerprint());
        json.raw(",\"usage\":");
        usage.writeTo(json);
        if (head.shape() == AnswerShape.CHAT && !promptTokenIds.isEmpty()) {
            json.raw(",\"prompt_token_ids\":").numbers(promptTokenIds.getFirst());
        }
        json.raw(",\"kv_transfer_params\":");
        if (kvTransfer.isPresent()) {
            KvTransferWriter.write(json, kvTransfer.get());
        } else {
            json.raw("null");
        }
        return json.raw("}").toBytes();
    }

    private static void writeChoice(JsonBytes json, AnswerShape shape, ChoicePart choice, int[] promptTokenIds) {
        json.raw("{\"index\":").number(choice.index());
        shape.writeText(json, choice);
        choice.writeEndTo(json);
        if (promptTokenIds.length > 0) {
            json.raw(",\"prompt_token_ids\":").numbers(promptTokenIds);
        }
        json.raw("}");
    }
}
