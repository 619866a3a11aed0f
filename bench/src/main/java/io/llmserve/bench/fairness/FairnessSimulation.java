package io.llmserve.bench.fairness;

import io.llmserve.admission.share.Demand;
import io.llmserve.admission.share.Discipline;
import io.llmserve.admission.share.OutputLengths;
import io.llmserve.admission.share.ShareOptions;
import io.llmserve.admission.share.Tokens;
import io.llmserve.admission.share.Turn;
import io.llmserve.bench.fleet.StepCosts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A worker with continuous batching and chunked prefill, in virtual time. It computes one prompt at a time, beside its
/// streams; whenever it can begin one, the discipline says whose. What an answer will be like is learned on the way,
/// as live.
public final class FairnessSimulation {
    /// What clients allow an answer.
    private static final int MOST_ANSWER = 1_024;

    private final StepCosts costs;
    private final Discipline discipline;
    private final Map<Turn, Served> waiting = new HashMap<>();
    private final OutputLengths[] lengths = new OutputLengths[Traffic.TENANTS];
    private final List<Served> streams = new ArrayList<>();
    private final List<Served> done = new ArrayList<>();
    private final ServiceLog log;
    private @Nullable Served prompt;
    private double now;

    private FairnessSimulation(Policy policy, StepCosts costs, ShareOptions options) {
        this.costs = costs;
        this.discipline = policy.discipline(options);
        this.log = new ServiceLog(options.prices());
        for (int tenant = 0; tenant < lengths.length; tenant++) {
            lengths[tenant] = new OutputLengths(256);
        }
    }

    public static FairnessReport run(Policy policy, Traffic traffic, StepCosts costs, ShareOptions options) {
        FairnessSimulation simulation = new FairnessSimulation(policy, costs, options);
        simulation.serve(traffic.arrivals(costs));
        return FairnessReport.of(policy, traffic, costs, simulation.done, simulation.log);
    }

    private void serve(List<Traffic.Arrival> arrivals) {
        int next = 0;
        while (next < arrivals.size() || discipline.waiting() > 0 || prompt != null || !streams.isEmpty()) {
            while (next < arrivals.size() && arrivals.get(next).seconds() <= now) {
                arrive(arrivals.get(next++));
            }
            begin();
            if (prompt == null && streams.isEmpty()) {
                now = arrivals.get(next).seconds();
            } else {
                step();
            }
        }
    }

    private void arrive(Traffic.Arrival arrival) {
        long expected = lengths[arrival.tenant()].expect(arrival.promptTokens(), MOST_ANSWER);
        Turn turn = new Turn(new Demand(
                "tenant-" + arrival.tenant(),
                1,
                0,
                (long) (arrival.seconds() * 1e9),
                new Tokens(arrival.promptTokens(), expected),
                new Tokens(arrival.promptTokens(), MOST_ANSWER)));
        waiting.put(turn, new Served(arrival, turn));
        discipline.add(turn);
        log.wanted(arrival);
    }

    private void begin() {
        boolean hasRoom = streams.size() < costs.batching().maxSequences();
        if (prompt == null && hasRoom && discipline.head().isPresent()) {
            prompt = waiting.remove(discipline.startHead());
        }
    }

    private void step() {
        Served computing = prompt;
        int chunk = 0;
        if (computing != null) {
            int most = streams.isEmpty()
                    ? costs.batching().chunkAlone()
                    : costs.batching().chunkBeside();
            chunk = Math.min(most, computing.promptLeft);
        }
        now += costs.stepSeconds(streams.size(), chunk);
        streams.forEach(this::token);
        if (computing != null) {
            computing.promptLeft -= chunk;
            log.served(now, computing.arrival.tenant(), new Tokens(chunk, 0));
            discipline.received(computing.turn, computing.received());
            if (computing.promptLeft == 0) {
                prompt = null;
                streams.add(computing);
                token(computing);
            }
        }
        streams.removeIf(this::endIfComplete);
    }

    private void token(Served stream) {
        stream.tokenAt(now);
        log.served(now, stream.arrival.tenant(), new Tokens(0, 1));
        discipline.received(stream.turn, stream.received());
    }

    private boolean endIfComplete(Served stream) {
        if (!stream.isComplete()) {
            return false;
        }
        discipline.end(stream.turn);
        lengths[stream.arrival.tenant()].learn(stream.arrival.promptTokens(), stream.answered);
        done.add(stream);
        return true;
    }
}
