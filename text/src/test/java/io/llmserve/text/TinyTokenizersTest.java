package io.llmserve.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llmserve.core.TokenizerSource;
import io.llmserve.core.TokenizerSource.SpecialTokens;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Small tokenizers of every kind, trained for this test, against what HuggingFace's library makes of the same
/// texts: all pre-tokenizers, SentencePiece in its three spellings, from `tokenizer.json` and from a GGUF
/// vocabulary.
class TinyTokenizersTest {
    private static final JsonNode GOLDENS = goldens();
    private static final Path CACHE = Path.of("target", "cache");

    @TempDir
    private Path directory;

    static Stream<Arguments> tokenizers() {
        return arguments(goldensOf(""));
    }

    static Stream<Arguments> vocabularies() {
        return arguments(goldensOf("gguf"));
    }

    private static Stream<JsonNode> goldensOf(String field) {
        return StreamSupport.stream(GOLDENS.path("tokenizers").spliterator(), false)
                .filter(golden -> field.isEmpty() || golden.has(field));
    }

    private static Stream<Arguments> arguments(Stream<JsonNode> goldens) {
        return goldens.map(golden -> Arguments.of(golden.path("name").asText(), golden));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tokenizers")
    void agreesFromTokenizerJson(String name, JsonNode golden) throws IOException {
        Path file = directory.resolve("tokenizer.json");
        Files.writeString(file, golden.path("json").toString());
        assertAgrees(Tokenizer.load(new TokenizerSource.JsonFile(file, Optional.empty()), CACHE), golden);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("vocabularies")
    void agreesFromAGgufVocabulary(String name, JsonNode golden) {
        assertAgrees(Tokenizer.load(vocabulary(golden.path("gguf")), CACHE), golden);
    }

    private static void assertAgrees(Tokenizer tokenizer, JsonNode golden) {
        JsonNode corpus = GOLDENS.path(
                golden.path("ids").size() == GOLDENS.path("spCorpus").size() ? "spCorpus" : "byteCorpus");
        for (int i = 0; i < corpus.size(); i++) {
            String text = corpus.path(i).textValue();
            int[] ids = Fixtures.ids(golden.path("ids").path(i));
            JsonNode plain = golden.path("plain").path(i);
            assertThat(tokenizer.encode(text, Specials.PARSE, false))
                    .as("<%s>", text)
                    .isEqualTo(ids);
            assertThat(tokenizer.encode(text, Specials.AS_TEXT, false))
                    .as("as text <%s>", text)
                    .isEqualTo(plain.isArray() ? Fixtures.ids(plain) : ids);
            assertThat(tokenizer.decode(ids, false))
                    .isEqualTo(golden.path("decoded").path(i).asText());
            assertThat(tokenizer.decode(ids, true))
                    .isEqualTo(golden.path("skipped").path(i).asText());
        }
        assertThat(tokenizer.encode("Hello <|end|> x", Specials.PARSE, true))
                .isEqualTo(Fixtures.ids(golden.path("framed")));
        assertDecodesRandomIds(tokenizer, golden);
    }

    /// Of a run of byte tokens that is no UTF-8 HuggingFace shows every byte as U+FFFD, even those that are; we
    /// show what is valid. So only runs without U+FFFD are compared for SentencePiece.
    private static void assertDecodesRandomIds(Tokenizer tokenizer, JsonNode golden) {
        boolean bytes =
                golden.path("json").path("decoder").path("type").asText().equals("ByteLevel");
        for (int i = 0; i < golden.path("random").size(); i++) {
            String expected = golden.path("randomDecoded").path(i).asText();
            int[] ids = Fixtures.ids(golden.path("random").path(i));
            String decoded = tokenizer.decode(ids, false);
            if (bytes || expected.indexOf('\uFFFD') < 0) {
                assertThat(decoded).as("%s", golden.path("random").path(i)).isEqualTo(expected);
            }
            IncrementalDecoder decoder = tokenizer.decoder(false, false);
            StringBuilder parts = new StringBuilder();
            IntStream.of(ids).forEach(id -> parts.append(decoder.push(id)));
            assertThat(parts.append(decoder.finish())).hasToString(decoded);
        }
    }

    private static TokenizerSource.Vocabulary vocabulary(JsonNode gguf) {
        JsonNode scores = gguf.path("scores");
        float[] values = new float[scores.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = scores.path(i).floatValue();
        }
        return new TokenizerSource.Vocabulary(
                gguf.path("model").asText(),
                gguf.path("pre").asText(),
                strings(gguf.path("tokens")),
                strings(gguf.path("merges")),
                Fixtures.ids(gguf.path("types")),
                values,
                new SpecialTokens(
                        gguf.path("bos").asInt(),
                        gguf.path("eos").asInt(),
                        gguf.path("unk").asInt(),
                        gguf.path("pad").asInt(),
                        gguf.path("addBos").asBoolean(),
                        false));
    }

    private static List<String> strings(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    private static JsonNode goldens() {
        try (InputStream in = new GZIPInputStream(Fixtures.open("tiny-tokenizers.json.gz"))) {
            return new JsonMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
