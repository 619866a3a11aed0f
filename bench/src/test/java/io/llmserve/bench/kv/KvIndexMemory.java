package io.llmserve.bench.kv;

import io.llmserve.routing.kv.KvIndex;
import io.llmserve.routing.kv.KvIndexLimits;
import io.llmserve.routing.kv.KvWorkerOptions;
import java.io.PrintStream;
import java.lang.ref.Reference;
import java.util.function.IntFunction;

/// Bytes of heap per block and worker, of the index and of a tree of objects: `bench/jmh --memory`.
public final class KvIndexMemory {
    private static final PrintStream OUT = System.out;
    private static final int[] BLOCKS_PER_WORKER = {4_096, 6_144, 8_192, 12_288, 16_384};

    private KvIndexMemory() {}

    public static void main(String[] arguments) {
        for (boolean shared : new boolean[] {false, true}) {
            for (int blocks : BLOCKS_PER_WORKER) {
                OUT.printf(
                        "%s blocks, %,d on each of %d workers: index %.1f, tree of objects %.1f bytes%n",
                        shared ? "shared" : "own   ",
                        blocks,
                        Fleet.WORKERS,
                        perPair(blocks, per -> index(per, shared)),
                        perPair(blocks, per -> tree(per, shared)));
            }
        }
    }

    private static double perPair(int blocks, IntFunction<Object> made) {
        long before = used();
        Object held = made.apply(blocks);
        try {
            return (double) (used() - before) / ((long) blocks * Fleet.WORKERS);
        } finally {
            Reference.reachabilityFence(held);
        }
    }

    private static KvIndex index(int blocks, boolean shared) {
        KvIndex index = new KvIndex(KvIndexLimits.STANDARD);
        for (int worker = 0; worker < Fleet.WORKERS; worker++) {
            index.join(KvWorkerOptions.events("model"));
            for (int event = 0; event < blocks / Fleet.BLOCKS; event++) {
                int[] prompt = Fleet.prompt(shared ? event : 100_000 * worker + event, Fleet.BLOCKS * 16);
                index.apply(worker, Fleet.stored(prompt, 0, Fleet.BLOCKS));
            }
        }
        return index;
    }

    private static PrefixTree tree(int blocks, boolean shared) {
        PrefixTree tree = new PrefixTree();
        for (int worker = 0; worker < Fleet.WORKERS; worker++) {
            for (int event = 0; event < blocks / Fleet.BLOCKS; event++) {
                int[] prompt = Fleet.prompt(shared ? event : 100_000 * worker + event, Fleet.BLOCKS * 16);
                tree.stored(worker, Fleet.stored(prompt, 0, Fleet.BLOCKS));
            }
        }
        return tree;
    }

    private static long used() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
