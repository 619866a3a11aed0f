package io.llmserve.bench.engine;

import io.llmserve.core.Clock;
import io.llmserve.core.SamplingParameters;
import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.SamplingParameters.Stopping;
import io.llmserve.core.SamplingParameters.Truncation;
import io.llmserve.engine.Engine;
import io.llmserve.engine.GenerationRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/// Submits greedy generations of a fixed length to an engine. Prefixes are found again only under the same salt.
final class Streams {
    private final Engine engine;
    private final Clock clock;
    private final int vocabulary;
    private final AtomicLong submitted = new AtomicLong();

    Streams(Engine engine, Clock clock, int vocabulary) {
        this.engine = engine;
        this.clock = clock;
        this.vocabulary = vocabulary;
    }

    /// A salt that no request had before.
    String freshSalt() {
        return "bench-" + submitted.getAndIncrement();
    }

    TokenTimes start(int sequence, int promptTokens, int newTokens, String salt) {
        return start(sequence, promptTokens, newTokens, salt, count -> {});
    }

    /// Starts one stream for each listener, all in the same step of the engine: they are submitted on its own
    /// thread, at the first token of a request that is there for nothing else.
    List<TokenTimes> startTogether(int promptTokens, int newTokens, String salt, List<IntConsumer> listeners) {
        List<TokenTimes> started = new ArrayList<>();
        start(0, 1, 1, freshSalt(), ignored -> {
                    for (IntConsumer listener : listeners) {
                        started.add(start(started.size(), promptTokens, newTokens, salt, listener));
                    }
                })
                .await();
        return started;
    }

    private TokenTimes start(int sequence, int promptTokens, int newTokens, String salt, IntConsumer onCount) {
        TokenTimes times = new TokenTimes(clock, newTokens, onCount);
        engine.submit(
                new GenerationRequest(
                        "bench-request-" + submitted.getAndIncrement(),
                        prompt(sequence, promptTokens),
                        greedy(newTokens),
                        salt,
                        0),
                times);
        return times;
    }

    /// The same arithmetic as the peer's driver uses, kept inside the vocabulary.
    private int[] prompt(int sequence, int tokens) {
        int[] ids = new int[tokens];
        for (int i = 0; i < tokens; i++) {
            ids[i] = (100 + (i * 7 + sequence) % 3000) % vocabulary;
        }
        return ids;
    }

    private static SamplingParameters greedy(int newTokens) {
        return new SamplingParameters(
                Truncation.GREEDY, Penalties.NONE, Map.of(), new Stopping(newTokens, 0, Set.of(), true), 0, -1);
    }
}
