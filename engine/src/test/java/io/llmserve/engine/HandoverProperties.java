package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;

/// Many requests between two engines in virtual time, with every kind of end on either side and in between:
/// whatever happens, pages hold what they should, everybody ends, and nobody keeps a page.
class HandoverProperties {
    private static final int CONTEXT = 96;

    private final List<Transfer> transfers = new ArrayList<>();
    private long now;
    private int serial;

    @ParameterizedTest
    @Seeds(200)
    void everyPageIsFreeAfterEveryEnd(long seed) throws Exception {
        Random random = new Random(seed);
        PaperEngine prefill = engine(random);
        PaperEngine decode = engine(random);
        for (int turn = 0; turn < 200; turn++) {
            switch (random.nextInt(10)) {
                case 0, 1 -> transfers.add(new Transfer(random, prefill, decode));
                case 2 -> one(random).ifPresent(transfer -> transfer.cancel(random));
                case 3 -> one(random).ifPresent(transfer -> transfer.breakOff(random));
                case 4, 5 -> advance(random);
                default -> {
                    prefill.step(now);
                    decode.step(now);
                }
            }
            now += random.nextInt(40);
        }
        for (int turn = 0; prefill.hasLive() || decode.hasLive(); turn++) {
            assertThat(turn).as("steps until all have ended").isLessThan(20_000);
            for (Transfer transfer : transfers) {
                transfer.advance(random, true);
            }
            now += 10;
            prefill.step(now);
            decode.step(now);
        }
        for (Transfer transfer : transfers) {
            transfer.advance(random, true);
        }
        prefill.step(now);
        decode.step(now);
        now += PaperEngine.LEASE_NANOS;
        prefill.step(now);
        assertThat(prefill.pool.free()).isEqualTo(prefill.pool.pages());
        assertThat(decode.pool.free()).isEqualTo(decode.pool.pages());
        assertThat(prefill.statistics().exports()).isZero();
        assertThat(decode.statistics().imports()).isZero();
    }

    private static PaperEngine engine(Random random) {
        int sequences = 1 + random.nextInt(5);
        int tokens = sequences + 1 + random.nextInt(60);
        EngineOptions.Batching limits = new EngineOptions.Batching(sequences, tokens, 1 + random.nextInt(40), true);
        int pages = CONTEXT / Sequence.PAGE_TOKENS + random.nextInt(16);
        return new PaperEngine(pages, limits, random.nextInt(4) > 0, random);
    }

    private Optional<Transfer> one(Random random) {
        return transfers.isEmpty() ? Optional.empty() : Optional.of(transfers.get(random.nextInt(transfers.size())));
    }

    private void advance(Random random) throws InterruptedException {
        for (Transfer transfer : transfers) {
            if (random.nextBoolean()) {
                transfer.advance(random, false);
            }
        }
    }

    /// One request: both hops, or one of them, and the pages in between.
    private final class Transfer implements PageFiller {
        private final PaperEngine prefill;
        private final PaperEngine decode;
        private final String id = "r" + serial++;
        private final PaperEngine.@Nullable Live first;
        private final PaperEngine.@Nullable Live second;
        private @Nullable PageImport pages;
        private @Nullable ExportedPrompt prompt;
        private int block;
        private boolean stopped;

        Transfer(Random random, PaperEngine prefill, PaperEngine decode) {
            this.prefill = prefill;
            this.decode = decode;
            int[] tokens = new int[1 + random.nextInt(CONTEXT - 14)];
            for (int i = random.nextInt(tokens.length + 1); i < tokens.length; i++) {
                tokens[i] = random.nextInt(3);
            }
            first = random.nextInt(8) == 0 ? null : prefill.submit(tokens, id, null, 1);
            second = random.nextInt(8) == 0 ? null : decode.submit(tokens, null, this, 1 + random.nextInt(12));
        }

        @Override
        public void fill(PageImport opened) {
            pages = opened;
            block = opened.first();
        }

        @Override
        public void stop() {
            stopped = true;
        }

        void cancel(Random random) {
            if (first != null && random.nextBoolean()) {
                prefill.cancel(first);
            }
            if (second != null && random.nextBoolean()) {
                decode.cancel(second);
            }
        }

        /// The connection is cut: decode computes the rest, or fails.
        void breakOff(Random random) {
            if (pages != null) {
                end(random.nextBoolean() ? null : new ServeException(Failure.UPSTREAM, "cut"));
            }
        }

        /// Some pages move. In the end a fetch that got nothing gives up.
        void advance(Random random, boolean last) throws InterruptedException {
            if (pages == null) {
                return;
            }
            if (stopped) {
                end(null);
                return;
            }
            if (prompt == null) {
                prompt = prefill.table.open(id).orElse(null);
            }
            if (prompt != null) {
                move(prompt, pages, random);
            } else if (last) {
                end(null);
            }
        }

        private void move(ExportedPrompt from, PageImport to, Random random) throws InterruptedException {
            int ready;
            try {
                ready = Math.min(to.end(), from.awaitReady(block, 0));
            } catch (ServeException givenUp) {
                end(null);
                return;
            }
            for (; block < ready && random.nextInt(4) > 0; block++) {
                assertThat(from.hash(block)).isEqualTo(to.hash(block));
                assertThat(prefill.content(from.page(block)))
                        .as("what is offered")
                        .isEqualTo(to.hash(block));
                decode.write(to.page(block), to.hash(block));
            }
            if (block == to.end()) {
                from.done();
                end(null);
            }
        }

        private void end(@Nullable ServeException failure) {
            if (prompt != null) {
                prompt.close();
                prompt = null;
            }
            if (pages != null) {
                pages.close(block, failure);
                pages = null;
            }
        }
    }
}
