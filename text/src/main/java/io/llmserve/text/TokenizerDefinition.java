package io.llmserve.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A BPE tokenizer as data, whichever file it came from. [NativeModelJson] writes it for the native library.
///
/// @param pieces by id, as the vocabulary spells them; null where an id has no token
/// @param merges left and right parts in turn, best merge first
/// @param added tokens found before BPE starts, special ones included
/// @param normalizer as in `tokenizer.json`, without the part that [SpacePrefix] does
/// @param opening ids before a text when the model wants them (BOS); `closing` after it (EOS)
/// @param specialStrings what templates know as `bos_token`, `eos_token`, `unk_token` and `pad_token`
record TokenizerDefinition(
        @Nullable String[] pieces,
        List<String> merges,
        List<AddedToken> added,
        BpeOptions options,
        @Nullable JsonNode normalizer,
        @Nullable JsonNode pretokenizer,
        SpacePrefix prefix,
        Detokenization detokenization,
        int[] opening,
        int[] closing,
        Map<String, String> specialStrings) {
    /// Options of the BPE model under their names in `tokenizer.json`.
    record BpeOptions(@Nullable String unknownToken, boolean fuseUnknown, boolean byteFallback, boolean ignoreMerges) {}
}
