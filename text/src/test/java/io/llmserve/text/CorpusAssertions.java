package io.llmserve.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

/// Compares a tokenizer with what HuggingFace's made of the same texts and ids.
final class CorpusAssertions {
    private CorpusAssertions() {}

    static void assertAgrees(Tokenizer tokenizer, JsonNode corpus) {
        for (JsonNode golden : corpus.path("encode")) {
            String text = golden.path("text").textValue();
            int[] ids = Fixtures.ids(golden.path("ids"));
            int[] plain = golden.has("plain") ? Fixtures.ids(golden.path("plain")) : ids;
            assertThat(tokenizer.encode(text, Specials.PARSE, false))
                    .as("%s", golden)
                    .isEqualTo(ids);
            assertThat(tokenizer.encode(text, Specials.AS_TEXT, false))
                    .as("as text: %s", golden)
                    .isEqualTo(plain);
            assertDecodes(tokenizer, golden);
        }
        for (JsonNode golden : corpus.path("decode")) {
            assertDecodes(tokenizer, golden);
        }
    }

    private static void assertDecodes(Tokenizer tokenizer, JsonNode golden) {
        int[] ids = Fixtures.ids(golden.path("ids"));
        assertThat(tokenizer.decode(ids, false))
                .as("%s", golden)
                .isEqualTo(golden.path("decoded").asText());
        assertThat(tokenizer.decode(ids, true))
                .as("%s", golden)
                .isEqualTo(golden.path("skipped").asText());
    }
}
