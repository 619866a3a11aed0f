package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.BlockHash;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.engine.Scheduler.Slice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// An engine without a model: the real scheduler, pool and handovers, and pages that hold but the hash of what
/// they should hold. Checks with every step that nobody computes from a page of another content, and that pages
/// are held by those who say so.
final class PaperEngine {
    static final long LEASE_NANOS = 1_000;
    private static final int VOCABULARY = 3;

    /// A generation and what it has to do with pages elsewhere.
    static final class Live {
        final Sequence sequence;
        final @Nullable PromptExport export;
        final @Nullable PageFiller filler;
        final int answerTokens;

        Live(Sequence sequence, @Nullable PromptExport export, @Nullable PageFiller filler, int answerTokens) {
            this.sequence = sequence;
            this.export = export;
            this.filler = filler;
            this.answerTokens = answerTokens;
        }
    }

    final BlockPool pool;
    final ExportTable table = new ExportTable(export -> this.left.add(export));
    private final List<PromptExport> left = new ArrayList<>();
    private final List<PromptImport.Closed> closed = new ArrayList<>();
    private final Scheduler scheduler;
    private final Handovers handovers;
    private final BlockHash[] content;
    private final Map<Sequence, Live> live = new LinkedHashMap<>();
    private final Map<PromptExport, List<Integer>> exported = new LinkedHashMap<>();
    private final List<PromptImport> importing = new ArrayList<>();
    private final Random random;
    private long arrivals;

    PaperEngine(int pages, EngineOptions.Batching limits, boolean prefixCaching, Random random) {
        this.pool = new BlockPool(pages);
        this.scheduler = new Scheduler(limits, prefixCaching, pool);
        this.handovers = new Handovers(pool, table, LEASE_NANOS, closed::add);
        this.content = new BlockHash[pages];
        this.random = random;
    }

    Live submit(int[] prompt, @Nullable String offeredAs, @Nullable PageFiller filler, int answerTokens) {
        Sequence sequence = new Sequence(prompt, "", 0, arrivals++);
        PromptExport export = offeredAs == null ? null : table.add(offeredAs, sequence.reusableBlocks());
        if (filler != null) {
            sequence.wantPages();
        }
        Live added = new Live(sequence, export, filler, answerTokens);
        live.put(sequence, added);
        if (export != null) {
            handovers.begin(export);
        }
        scheduler.add(sequence);
        return added;
    }

    boolean isLive(Live generation) {
        return live.containsKey(generation.sequence);
    }

    boolean hasLive() {
        return !live.isEmpty();
    }

    /// What the step thread does between two commands.
    void step(long now) {
        left.forEach(export -> handovers.settle(export, now));
        left.clear();
        handovers.expire(now);
        List.copyOf(closed).forEach(this::settle);
        closed.clear();
        List<Slice> slices = scheduler.next();
        for (Sequence opened : scheduler.takeOpened()) {
            open(opened);
        }
        slices.forEach(slice -> compute(slice, now));
        assertPagesAreExact();
    }

    private void open(Sequence sequence) {
        PageFiller filler = Objects.requireNonNull(owner(sequence).filler);
        int first = sequence.computed() / Sequence.PAGE_TOKENS;
        handovers.open(sequence, first, sequence.reusableBlocks(), new PageFiller() {
            @Override
            public void fill(PageImport pages) {
                importing.add((PromptImport) pages);
                filler.fill(pages);
            }

            @Override
            public void stop() {
                filler.stop();
            }
        });
    }

    private void settle(PromptImport.Closed end) {
        importing.remove(end.source());
        if (!handovers.close(end)) {
            return;
        }
        if (end.failure() == null) {
            scheduler.imported(end.source().sequence(), end.filled());
        } else {
            end(owner(end.source().sequence()), end.failure(), 0);
        }
    }

    private void compute(Slice slice, long now) {
        Sequence sequence = slice.sequence();
        for (int block = 0; block < slice.from() / Sequence.PAGE_TOKENS; block++) {
            assertThat(content[sequence.pages()[block]])
                    .as("what is computed from")
                    .isEqualTo(sequence.hash(block));
        }
        scheduler.computed(slice);
        for (int block = slice.from() / Sequence.PAGE_TOKENS; (block + 1) * 16 <= sequence.computed(); block++) {
            content[sequence.pages()[block]] = sequence.hash(block);
        }
        Live owner = owner(sequence);
        if (owner.export != null) {
            int before = owner.export.ready();
            handovers.computed(owner.export, sequence);
            for (int block = before; block < owner.export.ready(); block++) {
                exported.computeIfAbsent(owner.export, export -> new ArrayList<>())
                        .add(sequence.pages()[block]);
            }
        }
        if (slice.from() + slice.count() == slice.sequence().length()) {
            sequence.append(random.nextInt(VOCABULARY));
            if (sequence.generated() >= owner.answerTokens) {
                end(owner, null, now);
            }
        }
    }

    private Live owner(Sequence sequence) {
        return Objects.requireNonNull(live.get(sequence));
    }

    void cancel(Live generation) {
        if (isLive(generation)) {
            end(generation, new ServeException(Failure.UNAVAILABLE, "cancelled"), 0);
        }
    }

    private void end(Live generation, @Nullable ServeException failure, long now) {
        if (failure == null) {
            scheduler.remove(generation.sequence);
        } else {
            scheduler.discard(generation.sequence);
        }
        PromptExport export = generation.export;
        if (export != null && failure == null) {
            handovers.complete(export, now);
        } else if (export != null && failure != null) {
            handovers.fail(export, failure);
        }
        live.remove(generation.sequence);
        handovers.ended(generation.sequence);
    }

    BlockHash content(int page) {
        return content[page];
    }

    void write(int page, BlockHash hash) {
        content[page] = hash;
    }

    EngineStatistics.Handovers statistics() {
        return handovers.statistics();
    }

    private void assertPagesAreExact() {
        Map<Integer, Integer> holders = new HashMap<>();
        for (Live each : live.values()) {
            for (int i = 0; i < each.sequence.pageCount(); i++) {
                holders.merge(each.sequence.pages()[i], 1, Integer::sum);
            }
        }
        exported.keySet().removeIf(PromptExport::isFreed);
        exported.values().forEach(pages -> pages.forEach(page -> holders.merge(page, 1, Integer::sum)));
        for (PromptImport each : importing) {
            for (int page : each.pages()) {
                holders.merge(page, 1, Integer::sum);
            }
        }
        for (int page = 0; page < pool.pages(); page++) {
            assertThat(pool.holders(page)).as("holders of page %d", page).isEqualTo(holders.getOrDefault(page, 0));
        }
        assertThat(pool.free()).isEqualTo(pool.pages() - holders.size());
    }
}
