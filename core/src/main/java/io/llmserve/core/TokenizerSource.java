package io.llmserve.core;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What a tokenizer is made from: the words between the room that reads model files and the one that makes tokens of
/// text.
public sealed interface TokenizerSource {
    /// A HuggingFace `tokenizer.json`, with its `tokenizer_config.json` where there is one.
    record JsonFile(Path tokenizer, Optional<Path> configuration) implements TokenizerSource {}

    /// A vocabulary as GGUF metadata carries it (`tokenizer.ggml.*`).
    ///
    /// @param model `gpt2` (byte-level BPE with merges) or `llama` (SentencePiece BPE with scores)
    /// @param pretokenizer `tokenizer.ggml.pre`; empty where absent
    /// @param types per token: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte (as in llama.cpp)
    /// @param scores per token, for `llama`; empty for `gpt2`
    record Vocabulary(
            String model,
            String pretokenizer,
            List<String> tokens,
            List<String> merges,
            int[] types,
            float[] scores,
            SpecialTokens special)
            implements TokenizerSource {}

    /// Ids of special tokens; -1 where the model has none.
    record SpecialTokens(int bos, int eos, int unknown, int padding, boolean addBos, boolean addEos) {}
}
