package io.llmserve.bench.kv;

import io.llmserve.core.KvEvent;
import io.llmserve.routing.kv.KvIndex;
import io.llmserve.routing.kv.KvIndexLimits;
import io.llmserve.routing.kv.KvWorkerOptions;
import io.llmserve.routing.kv.PrefixKeys;
import io.llmserve.routing.kv.PrefixMatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// The index of KV blocks on one core: `bench/jmh KvIndex`. Each thing beside the same with a tree of
/// objects.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-Xms2g", "-Xmx2g", "-XX:+UseSerialGC"})
public class KvIndexBenchmark {
    /// 8,192 tokens in blocks of 16.
    private static final int PROMPT_TOKENS = 8_192;
    private static final int MOST_PROMPTS = 64;

    /// What is looked up: a prompt of which each of 64 workers has some part, in an index that is full of
    /// others.
    @State(Scope.Thread)
    public static class Filled {
        /// `all`: each worker has all of each prompt. `parts`: each its beginning, one 8 blocks, one 16, ...
        @Param({"all", "parts"})
        String share = "all";

        /// Blocks of other prompts on each of the workers.
        @Param("20000")
        int others;

        @Param("64")
        int workers;

        final KvIndex index = new KvIndex(KvIndexLimits.STANDARD);
        final PrefixTree tree = new PrefixTree();
        /// Prompts that are asked for one after the other. Of one alone all that is read stays in the core's
        /// own caches; what 64 need does not.
        @Param({"1", "64"})
        int prompts;

        final int[][] tokens = new int[MOST_PROMPTS][];

        final PrefixKeys[] keys = new PrefixKeys[MOST_PROMPTS];
        final PrefixMatch match = new PrefixMatch();
        private int asked;

        int next() {
            asked = (asked + 1) % prompts;
            return asked;
        }

        @Setup
        public void fill() {
            for (int prompt = 0; prompt < MOST_PROMPTS; prompt++) {
                tokens[prompt] = Fleet.prompt(-1 - prompt, PROMPT_TOKENS);
                keys[prompt] = new PrefixKeys(PrefixKeys.origin("model", "", ""), tokens[prompt]);
                keys[prompt].keys(16);
            }
            for (int worker = 0; worker < workers; worker++) {
                int blocks = share.equals("all") ? 512 : 512 * (worker + 1) / workers;
                index.join(KvWorkerOptions.events("model"));
                for (int[] prompt : tokens) {
                    apply(worker, Fleet.stored(prompt, 0, blocks));
                }
                for (int other = 0; other < others / Fleet.BLOCKS; other++) {
                    int[] tokens = Fleet.prompt(1_000_000 + 1_000 * worker + other, Fleet.BLOCKS * 16);
                    apply(worker, Fleet.stored(tokens, 0, Fleet.BLOCKS));
                }
            }
        }

        private void apply(int worker, KvEvent.Stored event) {
            index.apply(worker, event);
            tree.stored(worker, event);
        }
    }

    /// What is stored: 64 workers' events of 64 blocks each.
    @State(Scope.Thread)
    public static class Stream {
        static final int EVENTS = 4_096;

        /// `own`: no two workers have a block in common. `shared`: all have the same ones.
        @Param({"own", "shared"})
        String blocks = "own";

        /// `new`: tables grow while they are filled. `grown`: as many blocks were there before, as in workers
        /// whose caches are full.
        @Param({"new", "grown"})
        String tables = "new";

        final KvEvent.Stored[] events = new KvEvent.Stored[EVENTS];
        KvIndex index = index();
        PrefixTree tree = new PrefixTree();

        @Setup
        public void write() {
            for (int i = 0; i < EVENTS; i++) {
                int seed = blocks.equals("own") ? i : i / Fleet.WORKERS;
                events[i] = Fleet.stored(Fleet.prompt(seed, Fleet.BLOCKS * 16), 0, Fleet.BLOCKS);
            }
            fill();
        }

        @Setup(Level.Invocation)
        public void empty() {
            tree = new PrefixTree();
            if (tables.equals("new")) {
                index = index();
                return;
            }
            for (int i = 0; i < EVENTS; i++) {
                KvEvent.Stored event = events[i];
                index.apply(i % Fleet.WORKERS, new KvEvent.Removed(event.names(), event.medium(), event.group()));
            }
        }

        void fill() {
            for (int i = 0; i < EVENTS; i++) {
                index.apply(i % Fleet.WORKERS, events[i]);
            }
        }

        private static KvIndex index() {
            KvIndex index = new KvIndex(KvIndexLimits.STANDARD);
            for (int worker = 0; worker < Fleet.WORKERS; worker++) {
                index.join(KvWorkerOptions.events("model"));
            }
            return index;
        }
    }

    /// A prompt of 8,192 tokens to 512 keys.
    @Benchmark
    public long[] hash(Filled filled) {
        return new PrefixKeys(1, filled.tokens[filled.next()]).keys(16);
    }

    @Benchmark
    public PrefixMatch match(Filled filled) {
        filled.index.match(filled.keys[filled.next()], filled.match);
        return filled.match;
    }

    @Benchmark
    public int[] matchInTree(Filled filled) {
        return filled.tree.match(filled.tokens[filled.next()], 16);
    }

    /// Time per block, from the event's tokens on.
    @Benchmark
    @OutputTimeUnit(TimeUnit.NANOSECONDS)
    @OperationsPerInvocation(Stream.EVENTS * Fleet.BLOCKS)
    public KvIndex store(Stream stream) {
        stream.fill();
        return stream.index;
    }

    @Benchmark
    @OutputTimeUnit(TimeUnit.NANOSECONDS)
    @OperationsPerInvocation(Stream.EVENTS * Fleet.BLOCKS)
    public PrefixTree storeInTree(Stream stream) {
        for (int i = 0; i < Stream.EVENTS; i++) {
            stream.tree.stored(i % Fleet.WORKERS, stream.events[i]);
        }
        return stream.tree;
    }
}
