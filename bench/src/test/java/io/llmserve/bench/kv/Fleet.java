package io.llmserve.bench.kv;

import io.llmserve.core.KvEvent;
import io.llmserve.core.KvGroup;
import io.llmserve.core.KvMedium;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/// Prompts of random tokens, and the events of the workers that have computed them.
final class Fleet {
    static final int WORKERS = 64;
    /// Blocks in an event, as a step of prefill makes them.
    static final int BLOCKS = 64;

    private Fleet() {}

    static int[] prompt(int seed, int tokens) {
        return new SplittableRandom(seed).ints(tokens, 0, 128_000).toArray();
    }

    /// Blocks `[from, to)` of a prompt, named as an engine with hashes of 64 bits does.
    static KvEvent.Stored stored(int[] prompt, int from, int to) {
        SplittableRandom names = new SplittableRandom(prompt[0] * 131_072L + prompt[1]);
        long[] all = names.longs(to).toArray();
        return new KvEvent.Stored(
                Arrays.copyOfRange(all, from, to),
                from == 0 ? OptionalLong.empty() : OptionalLong.of(all[from - 1]),
                Arrays.copyOfRange(prompt, from * 16, to * 16),
                16,
                new long[0],
                "",
                KvMedium.DEVICE,
                KvGroup.ALL_LAYERS);
    }
}
