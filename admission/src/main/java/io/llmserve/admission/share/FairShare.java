package io.llmserve.admission.share;

import java.util.Optional;
import java.util.TreeSet;

/// Weighted fair queueing in tokens. Each tenant has a counter: the work of its requests over its weight. The tenant
/// with the lowest counter is next; within it the request with the least expected work, less what it has aged. A
/// request is charged when it starts with what it is expected to cost, then with what it costs beyond that; what it
/// did not use is given back at its end.
///
/// A tenant whose line was empty starts at what the next tenant has really received: it has no credit for the time when
/// it wanted nothing, and neither has it later, by what earlier requests give back. The bound is derived in
/// docs/adr/0010-fair-share.md.
public final class FairShare implements Discipline {
    /// Tenants without a request whose debts are remembered.
    private static final int MOST_IDLE = 10_000;

    private final ShareOptions options;
    private final boolean predicts;
    private final Lines lines = new Lines();
    /// Tenants that wait, by counter.
    private final TreeSet<Flow> ready = new TreeSet<>(Flow.BY_COUNTER);
    /// Tenants without a request that are ahead of virtual time.
    private final TreeSet<Flow> indebted = new TreeSet<>(Flow.BY_COUNTER);
    /// What the tenant that was served last had received before.
    private double lastStart;
    private int running;
    private double mostInFlight;

    public FairShare(ShareOptions options) {
        this(options, true);
    }

    private FairShare(ShareOptions options, boolean predicts) {
        this.options = options;
        this.predicts = predicts;
    }

    /// Virtual token counters as published (Sheng et al., OSDI 2024), with weights: charged with the prompt when it
    /// starts and with each token when it is there, first come first served within a tenant.
    public static FairShare vtc(Prices prices) {
        return new FairShare(new ShareOptions(prices, 1, 0), false);
    }

    @Override
    public void add(Turn turn) {
        Flow flow = lines.of(turn.demand.tenant());
        if (flow.waiting.isEmpty()) {
            activate(flow);
        }
        lines.add(flow, turn, predicts ? options.rank(turn.demand) : 0);
        ready.add(flow);
    }

    private void activate(Flow flow) {
        indebted.remove(flow);
        double virtual = virtualTime();
        flow.counter = Math.max(flow.counter, virtual);
        flow.refundable = flow.counter - virtual;
        flow.owedBefore += flow.owed;
        flow.owed = 0;
        flow.activations++;
    }

    private double virtualTime() {
        return ready.isEmpty() ? lastStart : received(ready.first());
    }

    /// What the tenant has really received: who comes back shall not wait for what others were charged ahead.
    private double received(Flow flow) {
        return predicts ? flow.floor() : flow.counter;
    }

    @Override
    public Optional<Turn> head() {
        return ready.isEmpty()
                ? Optional.empty()
                : Optional.of(ready.first().waiting.first());
    }

    @Override
    public Turn startHead() {
        Flow flow = ready.removeFirst();
        Turn turn = lines.start(flow);
        running++;
        lastStart = received(flow);
        turn.activation = flow.activations;
        turn.charged = work(
                turn,
                predicts
                        ? turn.demand.expected()
                        : new Tokens(turn.demand.expected().prompt(), 0));
        flow.counter += turn.charged;
        flow.owed += turn.charged;
        mayReceive(flow, turn, work(turn, turn.demand.most()));
        if (!flow.waiting.isEmpty()) {
            ready.add(flow);
        }
        return turn;
    }

    /// Over weight, as all that is compared between tenants.
    private double work(Turn turn, Tokens tokens) {
        return options.prices().of(tokens) / turn.demand.weight();
    }

    private void mayReceive(Flow flow, Turn turn, double most) {
        flow.inFlight += most - turn.most;
        turn.most = most;
        mostInFlight = Math.max(mostInFlight, flow.inFlight);
    }

    @Override
    public void withdraw(Turn turn) {
        Flow flow = lines.withdraw(turn);
        if (flow.waiting.isEmpty()) {
            ready.remove(flow);
            retireIfIdle(flow);
        }
    }

    @Override
    public void received(Turn turn, Tokens tokens) {
        if (!turn.isRunning()) {
            throw new IllegalStateException("a request of %s received tokens and does not run".formatted(turn.demand));
        }
        Flow flow = Lines.flowOf(turn);
        double before = turn.received;
        turn.received = Math.max(before, work(turn, tokens));
        flow.pay(turn, Math.min(turn.received, turn.charged) - before);
        if (turn.received > turn.charged) {
            move(flow, turn.received - turn.charged);
            turn.charged = turn.received;
        }
        if (turn.received > turn.most) {
            mayReceive(flow, turn, turn.received);
        }
    }

    @Override
    public void end(Turn turn) {
        Flow flow = lines.end(turn);
        running--;
        double unused = turn.charged - turn.received;
        flow.pay(turn, unused);
        if (turn.activation < flow.activations) {
            unused = Math.min(unused, flow.refundable);
            flow.refundable -= unused;
        }
        move(flow, -unused);
        flow.inFlight -= turn.most;
        if (flow.running == 0) {
            flow.forgetRounding();
        }
        retireIfIdle(flow);
    }

    private void move(Flow flow, double work) {
        boolean waits = ready.remove(flow);
        flow.counter += work;
        if (waits) {
            ready.add(flow);
        }
    }

    private void retireIfIdle(Flow flow) {
        if (running == 0 && ready.isEmpty()) {
            // Nobody can fall behind anybody: all begin anew.
            lines.forgetAll();
            indebted.clear();
            lastStart = 0;
        } else if (flow.isIdle()) {
            if (flow.counter <= virtualTime()) {
                lines.forget(flow);
            } else {
                indebted.add(flow);
                forgetLeastDebt();
            }
        }
    }

    private void forgetLeastDebt() {
        if (indebted.size() > MOST_IDLE) {
            Flow least = indebted.removeFirst();
            lines.forget(least);
            lastStart = Math.max(lastStart, least.counter);
        }
    }

    @Override
    public int waiting() {
        return lines.waiting();
    }

    @Override
    public Optional<Turn> last() {
        return lines.last();
    }

    /// How far the counters of those that wait are apart, in work over weight.
    public double gap() {
        return ready.isEmpty() ? 0 : ready.last().counter - ready.first().counter;
    }

    /// What [#gap] can't exceed: twice the most that any tenant has had in flight, in work over weight.
    public double bound() {
        return 2 * mostInFlight;
    }

    /// Tenants that are remembered: those with requests, and those with debts.
    public int tenants() {
        return lines.tenants();
    }
}
