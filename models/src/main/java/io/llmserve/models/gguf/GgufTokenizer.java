package io.llmserve.models.gguf;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import io.llmserve.core.TokenizerSource.SpecialTokens;
import io.llmserve.core.TokenizerSource.Vocabulary;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// The vocabulary in `tokenizer.ggml.*`, with llama.cpp's defaults where a key is absent (llama-vocab.cpp).
final class GgufTokenizer {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final int CONTROL = 3;

    /// Control tokens that end a turn or a text in some model, whatever the id keys say.
    private static final Set<String> END_TEXTS = Set.of(
            "<|im_end|>",
            "<|endoftext|>",
            "<|end_of_text|>",
            "<|eot_id|>",
            "<|eom_id|>",
            "<|end|>",
            "<end_of_turn>",
            "<EOT>",
            "<｜end▁of▁sentence｜>");

    private final Path file;
    private final GgufMetadata metadata;

    GgufTokenizer(Path file, GgufMetadata metadata) {
        this.file = file;
        this.metadata = metadata;
    }

    /// @param embeddingRows the vocabulary's size by the embedding matrix; the list of tokens may be shorter
    Vocabulary vocabulary(int embeddingRows) {
        String model = metadata.text(PREFIX + "model")
                .orElseThrow(() -> damaged(file, "metadata has no tokenizer.ggml.model"));
        if (!model.equals("gpt2") && !model.equals("llama")) {
            throw unsupported(file, "its tokenizer is %s; supported in GGUF are gpt2 and llama", model);
        }
        List<String> tokens = metadata.texts(PREFIX + "tokens");
        if (tokens.isEmpty() || tokens.size() > embeddingRows) {
            throw damaged(file, "it has %d tokens but %d rows of embeddings", tokens.size(), embeddingRows);
        }
        List<String> merges = metadata.texts(PREFIX + "merges");
        if (model.equals("gpt2") && merges.isEmpty()) {
            throw damaged(file, "its tokenizer is gpt2 but metadata has no tokenizer.ggml.merges");
        }
        float[] scores = metadata.reals(PREFIX + "scores");
        checkLength("scores", scores.length, tokens.size(), model.equals("llama"));
        String pretokenizer = metadata.text(PREFIX + "pre").orElse("");
        return new Vocabulary(
                model,
                pretokenizer,
                tokens,
                merges,
                types(tokens.size()),
                model.equals("llama") ? scores : new float[0],
                special(model, pretokenizer, tokens.size()));
    }

    Set<Integer> endTokens(Vocabulary vocabulary) {
        int size = vocabulary.tokens().size();
        Set<Integer> ends = new TreeSet<>();
        for (String key : List.of("eot_token_id", "eom_token_id")) {
            ends.add(id(key, -1, size));
        }
        ends.add(vocabulary.special().eos());
        ends.remove(-1);
        for (int id = 0; id < size; id++) {
            if (vocabulary.types()[id] == CONTROL
                    && END_TEXTS.contains(vocabulary.tokens().get(id))) {
                ends.add(id);
            }
        }
        return ends;
    }

    private int[] types(int tokens) {
        int[] types = metadata.integers(PREFIX + "token_type");
        checkLength("token_type", types.length, tokens, false);
        if (types.length == 0) {
            types = new int[tokens];
            Arrays.fill(types, 1);
        }
        return types;
    }

    private SpecialTokens special(String model, String pretokenizer, int tokens) {
        boolean sentencePiece = model.equals("llama");
        boolean llama3 = Set.of("llama3", "llama-v3", "llama-bpe").contains(pretokenizer);
        return new SpecialTokens(
                id("bos_token_id", sentencePiece ? 1 : -1, tokens),
                id("eos_token_id", sentencePiece ? 2 : -1, tokens),
                id("unknown_token_id", sentencePiece ? 0 : -1, tokens),
                id("padding_token_id", -1, tokens),
                metadata.flag(PREFIX + "add_bos_token", sentencePiece || llama3),
                metadata.flag(PREFIX + "add_eos_token", false));
    }

    private int id(String key, int otherwise, int tokens) {
        int id = metadata.count(PREFIX + key).orElse(otherwise);
        if (id >= tokens) {
            throw damaged(file, "tokenizer.ggml.%s is %d, but there are %d tokens", key, id, tokens);
        }
        return id;
    }

    private void checkLength(String key, int found, int expected, boolean required) {
        if (found != expected && (found != 0 || required)) {
            throw damaged(file, "tokenizer.ggml.%s has %d entries for %d tokens", key, found, expected);
        }
    }
}
