package io.llmserve.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Fields of OpenAI's and vLLM's API that are known here and cannot be honoured, with the values that ask for
/// nothing. Silently ignoring one of them would answer a question that was not asked. Fields that are not known
/// at all are ignored, as OpenAI and vLLM do.
final class UnsupportedFields {
    private static final Map<String, Set<JsonNode>> NEUTRAL = neutralValues();

    private UnsupportedFields() {}

    /// Consumes the value of a field that no reader claimed: refuses it if it asks for what cannot be given.
    static void consume(RequestReader reader, String name) throws IOException {
        Set<JsonNode> neutral = NEUTRAL.get(name);
        if (neutral == null) {
            reader.skip();
            return;
        }
        String path = reader.path();
        JsonNode value = reader.tree();
        if (!value.isNull() && !neutral.contains(value)) {
            throw io.llmserve.core.ServeException.invalid(
                    path,
                    "%s is not supported by this engine; leave it out%s."
                            .formatted(path, neutral.isEmpty() ? "" : " or send one of " + neutral));
        }
    }

    private static Map<String, Set<JsonNode>> neutralValues() {
        Map<String, Set<JsonNode>> fields = new HashMap<>();
        for (String name : new String[] {"tools", "functions", "logits_processors", "bad_words", "documents"}) {
            put(fields, name, "[]");
        }
        put(fields, "tool_choice", "\"none\"", "\"auto\"");
        put(fields, "function_call", "\"none\"", "\"auto\"");
        put(fields, "response_format", "{\"type\":\"text\"}");
        put(fields, "modalities", "[\"text\"]");
        put(fields, "reasoning_effort", "\"none\"");
        put(fields, "service_tier", "\"auto\"", "\"default\"");
        for (String name : new String[] {
            "store",
            "use_beam_search",
            "continue_final_message",
            "return_tokens_as_token_ids",
            "return_prompt_text",
            "add_special_tokens"
        }) {
            put(fields, name, "false");
        }
        for (String name : new String[] {"chat_template_kwargs", "mm_processor_kwargs", "vllm_xargs"}) {
            put(fields, name, "{}");
        }
        put(fields, "suffix", "\"\"");
        put(fields, "length_penalty", "1", "1.0");
        for (String name : new String[] {
            "audio",
            "prediction",
            "web_search_options",
            "structured_outputs",
            "guided_json",
            "guided_regex",
            "guided_choice",
            "guided_grammar",
            "prompt_logprobs",
            "prompt_embeds",
            "truncate_prompt_tokens",
            "allowed_token_ids",
            "thinking_token_budget",
            "lora",
            "lora_request",
            "chat_template",
            "ec_transfer_params",
            "logprob_token_ids",
            "repetition_detection"
        }) {
            put(fields, name);
        }
        return Map.copyOf(fields);
    }

    private static void put(Map<String, Set<JsonNode>> fields, String name, String... neutral) {
        Set<JsonNode> values = new HashSet<>();
        Arrays.stream(neutral).map(UnsupportedFields::literal).forEach(values::add);
        fields.put(name, Set.copyOf(values));
    }

    private static JsonNode literal(String json) {
        try {
            return StrictJson.MAPPER.readTree(json);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(json, impossible);
        }
    }
}
