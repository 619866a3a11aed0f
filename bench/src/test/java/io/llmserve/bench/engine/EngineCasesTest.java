package io.llmserve.bench.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// In the fake engine's own time: 1 ms a step, 0.1 ms a prompt token.
class EngineCasesTest {
    private final List<Figure> figures = new ArrayList<>();

    @Test
    void aRoundHasTheCasesOfThePeersDriverWithTheEnginesOwnSpeed() {
        try (FakeEngine engine = new FakeEngine()) {
            new EngineCases(new Streams(engine, engine, 49_152), engine, new CaseChoice(List.of()), figures::add)
                    .round();
        }
        assertThat(figures.stream().map(Figure::name))
                .containsExactly(
                        "prefill_1024_tok_s",
                        "decode_1_at_1024_tok_s",
                        "decode_1_tok_s",
                        "decode_4_at_128_tok_s",
                        "decode_8_at_128_tok_s",
                        "decode_16_at_128_tok_s",
                        "ttft_4096_with_3800_cached_s");
        assertThat(value(0)).isCloseTo(1024 / 0.1034, within(1e-6));
        assertThat(value(1)).as("the prompt is not in the figure").isCloseTo(1000, within(1e-6));
        assertThat(value(2)).isCloseTo(1000, within(1e-6));
        assertThat(value(3)).as("all four streams count, while all four run").isCloseTo(4000, within(1e-6));
        assertThat(value(5)).isCloseTo(16_000, within(1e-6));
        assertThat(value(6)).as("only what is not cached").isCloseTo(0.0296 + 0.001, within(1e-9));
    }

    @Test
    void mixedShowsThePauseThatAJoiningPromptMakes() {
        try (FakeEngine engine = new FakeEngine()) {
            new EngineCases(new Streams(engine, engine, 49_152), engine, new CaseChoice(List.of()), figures::add)
                    .mixed(2048);
        }
        assertThat(figures).hasSize(1);
        Figure figure = figures.getFirst();
        assertThat(figure.line("llmserve"))
                .containsEntry("peer", "llmserve")
                .containsEntry("case", "mixed_8_streams_batch_2048_itl_ms")
                .containsKeys("p50", "p99", "max", "tok_s");
        assertThat(figure.values().get("p50")).isCloseTo(1, within(1e-6));
        assertThat(figure.values().get("max"))
                .as("1,024 tokens in one step, at the least")
                .isGreaterThan(103);
    }

    private double value(int figure) {
        return java.util.Objects.requireNonNull(figures.get(figure).values().get("value"));
    }
}
