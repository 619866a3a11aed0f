package io.llmserve.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.List;
import java.util.stream.StreamSupport;

/// The tokens that a model wants around a text, from `post_processor` of `tokenizer.json` (`TemplateProcessing`,
/// alone or in a sequence), else from `add_bos_token` and `add_eos_token` of `tokenizer_config.json`.
final class TokenizerFrame {
    private final IdBuffer opening = new IdBuffer();
    private final IdBuffer closing = new IdBuffer();

    TokenizerFrame(JsonNode postProcessor, JsonNode configuration, List<AddedToken> added) {
        JsonNode template = template(postProcessor);
        if (template.isMissingNode()) {
            addConfigured(configuration, "bos_token", added, opening);
            addConfigured(configuration, "eos_token", added, closing);
        } else {
            addTemplate(template);
        }
    }

    int[] opening() {
        return opening.toArray();
    }

    int[] closing() {
        return closing.toArray();
    }

    private static JsonNode template(JsonNode processor) {
        if (processor.path("type").asText().equals("Sequence")) {
            return StreamSupport.stream(processor.path("processors").spliterator(), false)
                    .map(TokenizerFrame::template)
                    .filter(part -> !part.isMissingNode())
                    .findFirst()
                    .orElse(MissingNode.getInstance());
        }
        return processor.path("type").asText().equals("TemplateProcessing") ? processor : MissingNode.getInstance();
    }

    private void addTemplate(JsonNode template) {
        IdBuffer side = opening;
        for (JsonNode part : template.path("single")) {
            if (part.has("Sequence")) {
                side = closing;
                continue;
            }
            String name = part.path("SpecialToken").path("id").asText();
            for (JsonNode id : template.path("special_tokens").path(name).path("ids")) {
                side.add(id.asInt());
            }
        }
    }

    private static void addConfigured(JsonNode configuration, String name, List<AddedToken> added, IdBuffer side) {
        if (!configuration.path("add_" + name).asBoolean()) {
            return;
        }
        JsonNode token = configuration.path(name);
        String content =
                token.isTextual() ? token.asText() : token.path("content").asText();
        added.stream()
                .filter(candidate -> candidate.content().equals(content))
                .findFirst()
                .ifPresent(found -> side.add(found.id()));
    }
}
