package io.llmserve.routing.kv;

import io.llmserve.core.KvEventBatch;
import io.llmserve.core.KvMedium;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// An engine that publishes what happens to its cache, with a replay buffer of some batches. It remembers
/// what was true at each batch.
final class FakePublisher {
    static final KvMedium[] ALL = KvMedium.values();

    final List<Prompts.Ask> probes = new ArrayList<>();
    private final SplittableRandom random;
    private final Prompts prompts;
    private final int bufferedBatches;
    private final Deque<KvEventBatch> buffer = new ArrayDeque<>();
    /// By the batch's time, which no two batches share.
    private final Map<Double, int[]> truths = new HashMap<>();

    private FakeEngine engine;
    private long sequence;
    private double seconds = 1_000;

    FakePublisher(SplittableRandom random, int bufferedBatches) {
        this.random = random;
        this.prompts = new Prompts(random);
        this.bufferedBatches = bufferedBatches;
        this.engine = new FakeEngine(4, random.split());
        for (int i = 0; i < 12; i++) {
            probes.add(prompts.next());
        }
    }

    /// Does something and publishes it.
    KvEventBatch step() {
        switch (random.nextInt(8)) {
            case 0, 1 -> engine.evict(KvMedium.DEVICE);
            case 2 -> engine.offload();
            case 3 -> engine.evict(KvMedium.HOST);
            default -> {
                Prompts.Ask ask = random.nextBoolean() ? prompts.next() : probes.get(random.nextInt(probes.size()));
                engine.compute(ask.adapter(), ask.mark(), ask.tokens());
            }
        }
        if (random.nextInt(60) == 0) {
            engine.clear();
        }
        seconds += random.nextDouble(0.001, 0.1);
        KvEventBatch batch = new KvEventBatch(sequence++, seconds, engine.drain());
        buffer.add(batch);
        if (buffer.size() > bufferedBatches) {
            buffer.remove();
        }
        truths.put(seconds, cached());
        return batch;
    }

    void restart() {
        engine = new FakeEngine(4, random.split());
        buffer.clear();
        sequence = 0;
        seconds += 5;
    }

    List<KvEventBatch> replay(long from) {
        return buffer.stream().filter(batch -> batch.sequence() >= from).toList();
    }

    /// Of each probe, the tokens that were cached after this batch.
    int[] truthAfter(KvEventBatch batch) {
        return java.util.Objects.requireNonNull(truths.get(batch.seconds()));
    }

    int[] cached() {
        return probes.stream()
                .mapToInt(ask -> engine.cached(ask.adapter(), ask.mark(), ask.tokens(), ALL))
                .toArray();
    }
}
