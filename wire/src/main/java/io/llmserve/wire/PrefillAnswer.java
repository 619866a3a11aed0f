package io.llmserve.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.Optional;

/// What a router reads in the answer of prefill.
///
/// @param transfer the `kv_transfer_params` as they stand there, to be passed on to decode; empty where there
/// are none that could be followed
/// @param cachedTokens of the prompt, which needed no computing
public record PrefillAnswer(Optional<byte[]> transfer, int promptTokens, int cachedTokens) {
    /// UPSTREAM where it is no JSON object.
    public static PrefillAnswer read(byte[] answer) {
        try {
            Optional<byte[]> transfer = JsonMember.value(answer, "kv_transfer_params");
            Optional<byte[]> usage = JsonMember.value(answer, "usage");
            JsonNode counts =
                    usage.isPresent() ? StrictJson.MAPPER.readTree(usage.get()) : StrictJson.MAPPER.nullNode();
            boolean followed = transfer.isPresent() && canBeFollowed(StrictJson.MAPPER.readTree(transfer.get()));
            return new PrefillAnswer(
                    followed ? transfer : Optional.empty(),
                    counts.path("prompt_tokens").asInt(0),
                    counts.path("prompt_tokens_details").path("cached_tokens").asInt(0));
        } catch (ServeException | IOException broken) {
            throw new ServeException(
                    Failure.UPSTREAM, "the answer of prefill cannot be read: " + broken.getMessage(), broken);
        }
    }

    /// Without the address a vLLM waits for pages that never come.
    private static boolean canBeFollowed(JsonNode transfer) {
        return transfer.path("do_remote_prefill").asBoolean(false)
                && transfer.hasNonNull("remote_engine_id")
                && transfer.hasNonNull("remote_host")
                && transfer.hasNonNull("remote_port");
    }
}
