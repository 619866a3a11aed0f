package io.llmserve.routing.kv;

import io.llmserve.core.KvEvent;
import io.llmserve.core.KvGroup;
import io.llmserve.core.KvMedium;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;

/// An engine's prefix cache, as plainly as it can be written: what it has is a count of copies per prefix,
/// and it tells of every change. It names a block by a number of its own, which no other engine uses.
final class FakeEngine {
    final int blockTokens;
    private final SplittableRandom random;
    private final List<KvEvent> events = new ArrayList<>();
    private final Map<Prefix, Long> names = new HashMap<>();
    private final Map<KvMedium, Map<Prefix, Integer>> copies = new HashMap<>();

    /// All that a block's content depends on.
    record Prefix(String adapter, long mark, List<Integer> tokens) {}

    FakeEngine(int blockTokens, SplittableRandom random) {
        this.blockTokens = blockTokens;
        this.random = random;
        for (KvMedium medium : KvMedium.values()) {
            copies.put(medium, new HashMap<>());
        }
    }

    /// What was published since this was asked last.
    List<KvEvent> drain() {
        List<KvEvent> drained = List.copyOf(events);
        events.clear();
        return drained;
    }

    /// Computes a prompt: blocks that it does not have are stored, in one or two events; at times all of them
    /// twice.
    void compute(String adapter, long mark, int[] tokens) {
        int blocks = tokens.length / blockTokens;
        int have = 0;
        while (have < blocks && device().containsKey(prefix(adapter, mark, tokens, have + 1))) {
            have++;
        }
        int from = random.nextInt(4) == 0 ? 0 : have;
        int middle = from == blocks ? blocks : random.nextInt(from, blocks);
        store(adapter, mark, tokens, from, middle);
        store(adapter, mark, tokens, middle, blocks);
    }

    private void store(String adapter, long mark, int[] tokens, int from, int to) {
        if (from == to) {
            return;
        }
        long[] stored = new long[to - from];
        for (int block = from; block < to; block++) {
            Prefix prefix = prefix(adapter, mark, tokens, block + 1);
            device().merge(prefix, 1, Integer::sum);
            stored[block - from] = name(prefix);
        }
        OptionalLong parent =
                from == 0 ? OptionalLong.empty() : OptionalLong.of(name(prefix(adapter, mark, tokens, from)));
        long[] marks = new long[from == 0 && mark != 0 ? to : 0];
        if (marks.length > 0) {
            marks[0] = mark;
        }
        int[] told = Arrays.copyOfRange(tokens, from * blockTokens, to * blockTokens);
        events.add(new KvEvent.Stored(
                stored, parent, told, blockTokens, marks, adapter, KvMedium.DEVICE, KvGroup.ALL_LAYERS));
    }

    /// Copies a block to the host, telling its name alone, as vLLM's offloading does.
    void offload() {
        if (device().isEmpty()) {
            return;
        }
        Prefix prefix = any(KvMedium.DEVICE);
        Map<Prefix, Integer> host = copies(KvMedium.HOST);
        if (host.putIfAbsent(prefix, 1) == null) {
            events.add(new KvEvent.Stored(
                    new long[] {name(prefix)},
                    OptionalLong.empty(),
                    new int[0],
                    0,
                    new long[0],
                    "",
                    KvMedium.HOST,
                    KvGroup.ALL_LAYERS));
        }
    }

    /// Drops one copy of one block, whichever it is.
    void evict(KvMedium medium) {
        if (copies(medium).isEmpty()) {
            return;
        }
        Prefix prefix = any(medium);
        copies(medium).computeIfPresent(prefix, (same, count) -> count == 1 ? null : count - 1);
        events.add(new KvEvent.Removed(new long[] {name(prefix)}, medium, KvGroup.ALL_LAYERS));
    }

    void clear() {
        copies.values().forEach(Map::clear);
        events.add(new KvEvent.Cleared());
    }

    /// Tokens of the prompt's beginning that are in one of the media.
    int cached(String adapter, long mark, int[] tokens, KvMedium... media) {
        int blocks = 0;
        while ((blocks + 1) * blockTokens <= tokens.length && has(prefix(adapter, mark, tokens, blocks + 1), media)) {
            blocks++;
        }
        return blocks * blockTokens;
    }

    int blocks() {
        Set<Prefix> all = new HashSet<>();
        copies.values().forEach(medium -> all.addAll(medium.keySet()));
        return all.size();
    }

    private boolean has(Prefix prefix, KvMedium... media) {
        return Arrays.stream(media).anyMatch(medium -> copies(medium).containsKey(prefix));
    }

    private Prefix any(KvMedium medium) {
        return copies(medium).keySet().stream()
                .skip(random.nextInt(copies(medium).size()))
                .findFirst()
                .orElseThrow();
    }

    private Map<Prefix, Integer> device() {
        return copies(KvMedium.DEVICE);
    }

    private Map<Prefix, Integer> copies(KvMedium medium) {
        return java.util.Objects.requireNonNull(copies.get(medium));
    }

    private long name(Prefix prefix) {
        return names.computeIfAbsent(prefix, unknown -> random.nextLong());
    }

    private Prefix prefix(String adapter, long mark, int[] tokens, int blocks) {
        return new Prefix(
                adapter,
                mark,
                Arrays.stream(tokens).limit((long) blocks * blockTokens).boxed().toList());
    }
}
