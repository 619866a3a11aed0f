package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;

final class SmallPartsTest {
    @Test
    void requestIdsThatAreUnfitForALogAreReplaced() {
        assertThat(RequestIds.of("a-1_B.7")).isEqualTo("a-1_B.7");
        for (String unfit : new String[] {"", "a b", "a\nb", "a\"b", "é", "x".repeat(129)}) {
            assertThat(RequestIds.of(unfit)).matches("[0-9a-f]{32}");
        }
        assertThat(RequestIds.of(null)).matches("[0-9a-f]{32}").isNotEqualTo(RequestIds.of(null));
    }

    @Test
    void modelLabelsAreBounded() {
        ModelLabels labels = new ModelLabels(model -> model.startsWith("m"), 2);
        assertThat(labels.of("x")).isEqualTo("unknown");
        assertThat(labels.of("m1")).isEqualTo("m1");
        assertThat(labels.of("m2")).isEqualTo("m2");
        assertThat(labels.of("m3")).isEqualTo("other");
        assertThat(labels.of("m1")).isEqualTo("m1");
    }

    @Test
    void onePieceIsNotCopiedAndManyAreJoined() {
        Pieces pieces = new Pieces();
        assertThat(pieces.all().length()).isZero();
        Buffer one = Buffer.buffer("one");
        pieces.add(one);
        assertThat(pieces.all()).isSameAs(one);
        pieces.add(Buffer.buffer("two"));
        pieces.add(Buffer.buffer("three"));
        assertThat(pieces.all().toString()).isEqualTo("onetwothree");
        assertThat(pieces.length()).isEqualTo(11);
        assertThat(one.toString()).isEqualTo("one");
        pieces.clear();
        assertThat(pieces.length()).isZero();
    }
}
