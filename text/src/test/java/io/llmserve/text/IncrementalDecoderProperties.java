package io.llmserve.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class IncrementalDecoderProperties {
    private final Tokenizer tokenizer = SmolLm2.tokenizer();

    @ParameterizedTest
    @Seeds(200)
    void partsMakeTheWholeForAnyIds(long seed) {
        Random random = new Random(seed);
        int[] ids = random.ints(60, 0, random.nextBoolean() ? 300 : tokenizer.vocabularySize())
                .toArray();
        boolean skipSpecial = random.nextBoolean();
        assertThat(joined(ids, skipSpecial)).isEqualTo(tokenizer.decode(ids, skipSpecial));
    }

    @ParameterizedTest
    @Seeds(100)
    void neverShowsAReplacementForACharacterThatIsStillComing(long seed) {
        String text = new Random(seed)
                .ints(20, 0x20, 0x1F9FF)
                .filter(character -> character < 0xD800 || character > 0xDFFF)
                .filter(character -> character != 0xFFFD)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        IncrementalDecoder decoder = tokenizer.decoder(false, true);
        StringBuilder shown = new StringBuilder();
        for (int id : tokenizer.encode(text, Specials.AS_TEXT, false)) {
            shown.append(decoder.push(id));
            assertThat(text).startsWith(shown);
            assertThat(Character.isHighSurrogate(shown.isEmpty() ? 'a' : shown.charAt(shown.length() - 1)))
                    .isFalse();
        }
        assertThat(shown.append(decoder.finish())).hasToString(text);
    }

    @Test
    void endsHalfACharacterWithOneReplacement() {
        int[] ids = tokenizer.encode("😀", Specials.AS_TEXT, false);
        assertThat(ids).hasSizeGreaterThan(1);
        IncrementalDecoder decoder = tokenizer.decoder(false, true);
        assertThat(decoder.push(ids[0])).isEmpty();
        assertThat(decoder.finish()).isEqualTo("\uFFFD");
        assertThat(decoder.finish()).isEmpty();
    }

    private String joined(int[] ids, boolean skipSpecial) {
        IncrementalDecoder decoder = tokenizer.decoder(skipSpecial, false);
        StringBuilder text = new StringBuilder();
        IntStream.of(ids).forEach(id -> text.append(decoder.push(id)));
        return text.append(decoder.finish()).toString();
    }
}
