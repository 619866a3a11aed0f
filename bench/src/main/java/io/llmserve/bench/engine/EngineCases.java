package io.llmserve.bench.engine;

import io.llmserve.core.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// The cases of `bench/peers/llamacpp/bench.c`, same names, sizes and order. Where the peer's driver calls the
/// model step by step, these submit requests, as a server does: scheduling, sampling and hand-over are in the
/// figures.
final class EngineCases {
    private static final int STEPS = 64;
    private static final int MIXED_STREAMS = 8;
    private static final int MIXED_STEPS = 256;

    private final Streams streams;
    private final Clock clock;
    private final CaseChoice choice;
    private final Consumer<Figure> figures;

    EngineCases(Streams streams, Clock clock, CaseChoice choice, Consumer<Figure> figures) {
        this.streams = streams;
        this.clock = clock;
        this.choice = choice;
        this.figures = figures;
    }

    /// Every chosen case but the mixed ones, once.
    void round() {
        run("prefill_1024_tok_s", this::prefill);
        run("decode_1_at_1024_tok_s", name -> decodeOne(name, 1024));
        run("decode_1_tok_s", name -> decodeOne(name, 1));
        for (int streams = 4; streams <= 16; streams *= 2) {
            int count = streams;
            run("decode_%d_at_128_tok_s".formatted(count), name -> decodeMany(name, count));
        }
        run("ttft_4096_with_3800_cached_s", this::firstTokenWithCachedPrefix);
    }

    private void run(String name, Consumer<String> body) {
        if (choice.has(name)) {
            body.accept(name);
        }
    }

    private void prefill(String name) {
        long start = clock.nanos();
        long[] times = streams.start(0, 1024, 1, streams.freshSalt()).await();
        figures.accept(Figure.of(name, 1024 / seconds(start, times[0])));
    }

    private void decodeOne(String name, int promptTokens) {
        long[] times =
                streams.start(0, promptTokens, STEPS + 1, streams.freshSalt()).await();
        figures.accept(Figure.of(name, STEPS / seconds(times[0], times[STEPS])));
    }

    /// Prompts are computed first, so that all streams begin together; what counts is the span in which all of them
    /// run.
    private void decodeMany(String name, int count) {
        String salt = streams.freshSalt();
        for (int sequence = 0; sequence < count; sequence++) {
            streams.start(sequence, 128, 1, salt).await();
        }
        List<TokenTimes> running =
                streams.startTogether(128, STEPS + 1, salt, Collections.nCopies(count, ignored -> {}));
        List<long[]> times = running.stream().map(TokenTimes::await).toList();
        figures.accept(Figure.of(name, rateWhileAllRun(times)));
    }

    private static double rateWhileAllRun(List<long[]> times) {
        long from = times.stream().mapToLong(tokens -> tokens[0]).max().orElseThrow();
        long to = times.stream()
                .mapToLong(tokens -> tokens[tokens.length - 1])
                .min()
                .orElseThrow();
        long tokens = times.stream()
                .flatMapToLong(Arrays::stream)
                .filter(nanos -> nanos > from && nanos <= to)
                .count();
        return tokens / seconds(from, to);
    }

    private void firstTokenWithCachedPrefix(String name) {
        String salt = streams.freshSalt();
        streams.start(0, 3800, 1, salt).await();
        long start = clock.nanos();
        long[] times = streams.start(0, 4096, 1, salt).await();
        figures.accept(Figure.of(name, seconds(start, times[0])));
    }

    /// Eight streams decode; every 64 tokens a 1,024-token prompt joins them.
    ///
    /// @param batchTokens the engine's limit of tokens a step, for the case's name
    void mixed(int batchTokens) {
        run("mixed_8_streams_batch_%d_itl_ms".formatted(batchTokens), this::mixed);
    }

    private void mixed(String name) {
        String salt = streams.freshSalt();
        for (int sequence = 0; sequence < MIXED_STREAMS; sequence++) {
            streams.start(sequence, 128, 1, salt).await();
        }
        List<TokenTimes> joining = new ArrayList<>();
        List<IntConsumer> listeners = new ArrayList<>(Collections.nCopies(MIXED_STREAMS, ignored -> {}));
        listeners.set(0, count -> {
            if (count % STEPS == STEPS / 2 && count < MIXED_STEPS) {
                joining.add(streams.start(MIXED_STREAMS, 1024, 1, streams.freshSalt()));
            }
        });
        List<TokenTimes> running = streams.startTogether(128, MIXED_STEPS + 1, salt, listeners);
        List<long[]> times = running.stream().map(TokenTimes::await).toList();
        joining.forEach(TokenTimes::await);
        figures.accept(mixedFigure(name, times));
    }

    private static Figure mixedFigure(String name, List<long[]> times) {
        double[] gaps =
                times.stream().flatMapToDouble(EngineCases::gapsMillis).sorted().toArray();
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("p50", gaps[gaps.length / 2]);
        values.put("p99", gaps[gaps.length * 253 / 256]);
        values.put("max", gaps[gaps.length - 1]);
        values.put("tok_s", rateWhileAllRun(times));
        return new Figure(name, values);
    }

    private static DoubleStream gapsMillis(long[] nanos) {
        return IntStream.range(1, nanos.length).mapToDouble(i -> (nanos[i] - nanos[i - 1]) / 1e6);
    }

    private static double seconds(long from, long to) {
        return (to - from) / 1e9;
    }
}
