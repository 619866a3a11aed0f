package io.llmserve.bench.load;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;

/// The JSON of a request.
///
/// @param chat `/v1/chat/completions` with one user message; otherwise `/v1/completions`
/// @param ignoreEos ask for exactly the shape's output tokens (a field of vLLM's that other servers may refuse)
public record RequestBody(String model, boolean chat, boolean streamed, boolean ignoreEos) {
    String path() {
        return chat ? "/v1/chat/completions" : "/v1/completions";
    }

    byte[] json(String prompt, int outputTokens) {
        ObjectNode body = OpenAiEndpoint.JSON.createObjectNode().put("model", model);
        if (chat) {
            body.putArray("messages").addObject().put("role", "user").put("content", prompt);
        } else {
            body.put("prompt", prompt);
        }
        body.put("max_tokens", outputTokens).put("temperature", 0).put("stream", streamed);
        if (streamed) {
            body.putObject("stream_options").put("include_usage", true);
        }
        if (ignoreEos) {
            body.put("ignore_eos", true);
        }
        return body.toString().getBytes(StandardCharsets.UTF_8);
    }
}
