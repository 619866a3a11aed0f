package io.llmserve.text;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.file.Path;

/// HuggingFace's BPE behind one method. Thread-safe; the native memory goes when nobody refers to this any more, so
/// that no call can meet a tokenizer that was freed.
final class NativeEncoder {
    private static final Cleaner CLEANER = Cleaner.create();
    private final long handle;

    /// @param json a `tokenizer.json`
    /// @param cache where the native library is kept
    NativeEncoder(String json, Path cache) {
        NativeLibrary.load(cache);
        long created;
        try {
            created = TokenizersLibrary.LIB.createTokenizerFromString(json);
        } catch (RuntimeException e) {
            throw new ServeException(
                    Failure.CORRUPT, "The tokenizer's vocabulary cannot be used: %s".formatted(e.getMessage()), e);
        }
        handle = created;
        CLEANER.register(this, () -> TokenizersLibrary.LIB.deleteTokenizer(created));
    }

    /// Ids of `text`, which must have no unpaired surrogates.
    int[] encode(String text) {
        long encoding = TokenizersLibrary.LIB.encode(handle, text, false);
        try {
            long[] ids = TokenizersLibrary.LIB.getTokenIds(encoding);
            int[] result = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                result[i] = (int) ids[i];
            }
            return result;
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
            Reference.reachabilityFence(this);
        }
    }
}
