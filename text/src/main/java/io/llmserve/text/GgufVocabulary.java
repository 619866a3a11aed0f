package io.llmserve.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenizerSource.SpecialTokens;
import io.llmserve.core.TokenizerSource.Vocabulary;
import io.llmserve.text.Detokenization.LeadingSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A tokenizer from the vocabulary that a GGUF file carries.
final class GgufVocabulary {
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int LONGEST_PIECE = 1024;
    private static final int[] NO_IDS = {};

    private GgufVocabulary() {}

    static TokenizerDefinition define(Vocabulary vocabulary) {
        check(vocabulary);
        return switch (vocabulary.model()) {
            case "gpt2" -> byteLevel(vocabulary);
            case "llama" -> sentencePiece(vocabulary);
            default ->
                throw new ServeException(
                        Failure.CORRUPT,
                        "The model's tokenizer (tokenizer.ggml.model) is \"%s\"; supported are gpt2 and llama."
                                .formatted(vocabulary.model()));
        };
    }

    private static TokenizerDefinition byteLevel(Vocabulary vocabulary) {
        Pretokenizer pretokenizer = Pretokenizer.named(vocabulary.pretokenizer());
        return new TokenizerDefinition(
                vocabulary.tokens().toArray(new String[0]),
                parts(vocabulary.merges()),
                added(vocabulary),
                new TokenizerDefinition.BpeOptions(null, false, false, pretokenizer.ignoresMerges()),
                pretokenizer.normalizer(),
                pretokenizer.json(),
                SpacePrefix.NONE,
                new Detokenization.ByteLevel(),
                frame(vocabulary.special().addBos(), vocabulary.special().bos()),
                frame(vocabulary.special().addEos(), vocabulary.special().eos()),
                specialStrings(vocabulary));
    }

    private static TokenizerDefinition sentencePiece(Vocabulary vocabulary) {
        SpecialTokens special = vocabulary.special();
        String unknown = special.unknown() >= 0 ? vocabulary.tokens().get(special.unknown()) : null;
        return new TokenizerDefinition(
                vocabulary.tokens().toArray(new String[0]),
                vocabulary.merges().isEmpty() ? ScoredMerges.of(vocabulary) : parts(vocabulary.merges()),
                added(vocabulary),
                new TokenizerDefinition.BpeOptions(unknown, true, true, false),
                spacesToSentencePiece(),
                null,
                SpacePrefix.EVERY_SECTION,
                new Detokenization.SentencePiece(LeadingSpace.DROP_ONE, true),
                frame(special.addBos(), special.bos()),
                frame(special.addEos(), special.eos()),
                specialStrings(vocabulary));
    }

    private static JsonNode spacesToSentencePiece() {
        var replace = JsonNodeFactory.instance.objectNode().put("type", "Replace");
        replace.putObject("pattern").put("String", " ");
        return replace.put("content", String.valueOf(SpacePrefix.SENTENCE_PIECE_SPACE));
    }

    private static List<AddedToken> added(Vocabulary vocabulary) {
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            String content = vocabulary.tokens().get(id);
            int type = vocabulary.types().length == 0 ? 1 : vocabulary.types()[id];
            if (type == CONTROL || type == UNKNOWN) {
                added.add(AddedToken.special(id, content));
            } else if (type == USER_DEFINED) {
                added.add(AddedToken.userDefined(id, content));
            }
        }
        return added;
    }

    /// `left right` with one space between; the parts have none themselves.
    private static List<String> parts(List<String> merges) {
        List<String> parts = new ArrayList<>(merges.size() * 2);
        for (String merge : merges) {
            int space = merge.indexOf(' ', 1);
            if (space < 0 || space == merge.length() - 1) {
                throw corrupt("the merge \"%s\" is not two parts with a space between", merge);
            }
            parts.add(merge.substring(0, space));
            parts.add(merge.substring(space + 1));
        }
        return parts;
    }

    private static int[] frame(boolean wanted, int id) {
        return wanted && id >= 0 ? new int[] {id} : NO_IDS;
    }

    private static Map<String, String> specialStrings(Vocabulary vocabulary) {
        SpecialTokens special = vocabulary.special();
        Map<String, Integer> ids = Map.of(
                "bos_token", special.bos(),
                "eos_token", special.eos(),
                "unk_token", special.unknown(),
                "pad_token", special.padding());
        return ids.entrySet().stream()
                .filter(entry -> entry.getValue() >= 0)
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> vocabulary.tokens().get(entry.getValue())));
    }

    private static void check(Vocabulary vocabulary) {
        int size = vocabulary.tokens().size();
        if (size == 0) {
            throw corrupt("it has no tokens");
        }
        if (vocabulary.types().length != 0 && vocabulary.types().length != size) {
            throw corrupt("it has %d tokens but %d token types", size, vocabulary.types().length);
        }
        SpecialTokens special = vocabulary.special();
        for (int id : new int[] {special.bos(), special.eos(), special.unknown(), special.padding()}) {
            if (id >= size) {
                throw corrupt("a special token has the id %d, but there are only %d tokens", id, size);
            }
        }
        for (int id = 0; id < size; id++) {
            int length = vocabulary.tokens().get(id).length();
            if (length > LONGEST_PIECE) {
                throw corrupt("token %d has %d characters; at most %d are allowed", id, length, LONGEST_PIECE);
            }
        }
    }

    static ServeException corrupt(String message, @Nullable Object... arguments) {
        return new ServeException(
                Failure.CORRUPT, "The model's vocabulary is damaged: " + message.formatted(arguments) + ".");
    }
}
