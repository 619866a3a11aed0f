package io.llmserve.text;

import io.llmserve.core.TokenizerSource;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A model's tokenizer: text to token ids through HuggingFace's own library, ids to text in Java. Thread-safe.
public final class Tokenizer {
    private static final byte[] NO_BYTES = {};
    private final TokenizerDefinition definition;
    private final NativeEncoder encoder;
    private final TextCuts cuts;
    private final SpecialTokenFinder specialTokens;
    private final BitSet special = new BitSet();

    private Tokenizer(TokenizerDefinition definition, Path cache) {
        this.definition = definition;
        encoder = new NativeEncoder(NativeModelJson.write(definition), cache);
        cuts = TextCuts.of(definition);
        specialTokens = new SpecialTokenFinder(
                definition.added().stream().filter(AddedToken::special).toList());
        for (AddedToken token : specialTokens.tokens()) {
            special.set(token.id());
        }
    }

    /// @param cache a directory of ours, where the native library is kept for the next start
    public static Tokenizer load(TokenizerSource source, Path cache) {
        return new Tokenizer(
                switch (source) {
                    case TokenizerSource.JsonFile file -> TokenizerFile.read(file);
                    case TokenizerSource.Vocabulary vocabulary -> GgufVocabulary.define(vocabulary);
                },
                cache);
    }

    /// Token ids of `text`. An unpaired surrogate counts as U+FFFD.
    ///
    /// @param addSpecialTokens whether the tokens that the model wants around a text (BOS, EOS) are added
    public int[] encode(String text, Specials specials, boolean addSpecialTokens) {
        return encode(text, specials, addSpecialTokens, SpecialTextMask.NO_MARK);
    }

    /// As above, with `mark` removed from what is text: a special token's spelling with the mark inside is text.
    int[] encode(String text, Specials specials, boolean addSpecialTokens, char mark) {
        IdBuffer ids = new IdBuffer();
        if (addSpecialTokens) {
            ids.add(definition.opening());
        }
        int from = 0;
        while (specials == Specials.PARSE && from < text.length()) {
            SpecialTokenFinder.Match match = specialTokens.find(text, from).orElse(null);
            if (match == null) {
                break;
            }
            encodeSection(SpecialTextMask.without(mark, text.substring(from, match.start())), from == 0, ids);
            ids.add(match.token().id());
            from = match.end();
        }
        encodeSection(SpecialTextMask.without(mark, text.substring(from)), from == 0, ids);
        if (addSpecialTokens) {
            ids.add(definition.closing());
        }
        return ids.toArray();
    }

    /// Text without special tokens, cut into parts of bounded size.
    private void encodeSection(String section, boolean first, IdBuffer ids) {
        String text = WellFormed.of(section);
        for (int from = 0; from < text.length(); ) {
            int end = cuts.end(text, from);
            String part = text.substring(from, end);
            boolean prefixed = from == 0 && definition.prefix().appliesTo(text, first);
            ids.add(encoder.encode(prefixed ? definition.prefix().text() + part : part));
            from = end;
        }
    }

    /// The text of `ids`; bytes that are no UTF-8 become U+FFFD. Ids without a token are no text.
    public String decode(int[] ids, boolean skipSpecial) {
        IncrementalDecoder decoder = new IncrementalDecoder(this, skipSpecial, false);
        for (int id : ids) {
            decoder.append(id);
        }
        return decoder.finish();
    }

    /// Decodes a stream of ids.
    ///
    /// @param continuesText whether the ids follow others, so that a leading space is text: a completion's ids do
    public IncrementalDecoder decoder(boolean skipSpecial, boolean continuesText) {
        return new IncrementalDecoder(this, skipSpecial, continuesText);
    }

    /// The bytes that this token adds to a text; none for an id without a token.
    public byte[] bytes(int id) {
        String piece = piece(id);
        return piece == null ? NO_BYTES : definition.detokenization().bytes(piece);
    }

    /// The token as the vocabulary spells it (`Ġthe`, `▁the`), `""` for an id without a token.
    public String tokenString(int id) {
        String piece = piece(id);
        return piece == null ? "" : piece;
    }

    public boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
    }

    /// One more than the highest id.
    public int vocabularySize() {
        return definition.pieces().length;
    }

    Detokenization.LeadingSpace leadingSpace() {
        return definition.detokenization().leadingSpace();
    }

    /// `bos_token` and its like, as far as the model has them.
    Map<String, String> templateStrings() {
        return definition.specialStrings();
    }

    SpecialTokenFinder specialTokens() {
        return specialTokens;
    }

    private @Nullable String piece(int id) {
        return id >= 0 && id < definition.pieces().length ? definition.pieces()[id] : null;
    }
}
