package io.llmserve.admission.share;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Tenants of all kinds before a server with few places, in ticks of virtual time: they flood, come and go, trickle
/// and lie about what they want; requests give up, and end early. Each running request receives one token a tick.
final class AdversarialLoad {
    static final long TICK_NANOS = 100_000_000;
    private static final Tokens NOTHING = new Tokens(0, 0);

    /// A request as the test knows it: with what it will really receive.
    static final class Job {
        final Turn turn;
        final Tokens all;
        final int givesUpAt;
        int arrival;
        int start = -1;
        Tokens got = NOTHING;

        Job(Turn turn, Tokens all, int givesUpAt) {
            this.turn = turn;
            this.all = all;
            this.givesUpAt = givesUpAt;
        }

        String tenant() {
            return turn.demand().tenant();
        }

        double weight() {
            return turn.demand().weight();
        }
    }

    enum Manner {
        FLOODS,
        COMES_AND_GOES,
        TRICKLES
    }

    record Tenant(String name, double weight, Manner manner, int mostPrompt, int mostAnswer, int period) {}

    final Discipline discipline;
    final Prices prices;
    final int places;
    final List<Tenant> tenants = new ArrayList<>();
    final List<Job> running = new ArrayList<>();
    final List<Job> waiting = new ArrayList<>();
    final Map<Turn, Job> jobs = new HashMap<>();
    private final SplittableRandom random;
    int tick;

    AdversarialLoad(Discipline discipline, Prices prices, SplittableRandom random) {
        this.discipline = discipline;
        this.prices = prices;
        this.random = random;
        this.places = 1 + random.nextInt(8);
        int count = 2 + random.nextInt(7);
        for (int i = 0; i < count; i++) {
            Manner manner = Manner.values()[random.nextInt(Manner.values().length)];
            tenants.add(new Tenant(
                    "tenant-" + i,
                    0.25 * (1 + random.nextInt(16)),
                    manner,
                    1 + random.nextInt(60),
                    1 + random.nextInt(60),
                    5 + random.nextInt(60)));
        }
    }

    /// Told of what happens.
    interface Watcher {
        default void started(Job job) {}

        default void received(Job job, double work) {}

        default void afterTick() {}
    }

    void run(int ticks, Watcher watcher) {
        for (tick = 0; tick < ticks; tick++) {
            tenants.forEach(this::arrivals);
            giveUp();
            start(watcher);
            serve(watcher);
            watcher.afterTick();
        }
    }

    private void arrivals(Tenant tenant) {
        int count = switch (tenant.manner) {
            case FLOODS -> tick % tenant.period == 0 ? random.nextInt(12) : 0;
            case COMES_AND_GOES -> tick / tenant.period % 2 == 0 ? 0 : (random.nextInt(4) == 0 ? 2 : 0);
            case TRICKLES -> random.nextInt(tenant.period) == 0 ? 1 : 0;
        };
        for (int i = 0; i < count; i++) {
            arrive(tenant);
        }
    }

    private void arrive(Tenant tenant) {
        Tokens all = new Tokens(1 + random.nextInt(tenant.mostPrompt), random.nextInt(tenant.mostAnswer + 1));
        Tokens most = new Tokens(tenant.mostPrompt, tenant.mostAnswer);
        // Estimates may be as wrong as they can be.
        Tokens expected = switch (random.nextInt(4)) {
            case 0 -> NOTHING;
            case 1 -> most;
            case 2 -> all;
            default -> new Tokens(random.nextLong(most.prompt() + 1), random.nextLong(most.generated() + 1));
        };
        Turn turn =
                new Turn(new Demand(tenant.name, tenant.weight, random.nextInt(3), tick * TICK_NANOS, expected, most));
        int patience = random.nextInt(5) == 0 ? tick + random.nextInt(100) : Integer.MAX_VALUE;
        // One in ten is cut while it runs.
        Tokens received = random.nextInt(10) == 0 ? new Tokens(random.nextLong(all.prompt() + 1), 0) : all;
        Job job = new Job(turn, received, patience);
        job.arrival = tick;
        jobs.put(turn, job);
        waiting.add(job);
        discipline.add(turn);
    }

    private void giveUp() {
        waiting.removeIf(job -> {
            if (job.givesUpAt > tick) {
                return false;
            }
            discipline.withdraw(job.turn);
            return true;
        });
    }

    private void start(Watcher watcher) {
        while (running.size() < places && discipline.head().isPresent()) {
            Job job = job(discipline.startHead());
            job.start = tick;
            waiting.remove(job);
            running.add(job);
            watcher.started(job);
        }
    }

    private void serve(Watcher watcher) {
        running.removeIf(job -> {
            boolean isPrompt = job.got.prompt() < job.all.prompt();
            if (isPrompt || job.got.generated() < job.all.generated()) {
                job.got = isPrompt
                        ? new Tokens(job.got.prompt() + 1, 0)
                        : new Tokens(job.got.prompt(), job.got.generated() + 1);
                discipline.received(job.turn, job.got);
                watcher.received(job, isPrompt ? prices.promptToken() : prices.generatedToken());
                return false;
            }
            discipline.end(job.turn);
            return true;
        });
    }

    Job job(Turn turn) {
        Job job = jobs.get(turn);
        if (job == null) {
            throw new AssertionError("an unknown request: " + turn.demand());
        }
        return job;
    }

    /// The most that a running request of this kind is charged with, over weight: what it is expected to cost, or
    /// what it really costs.
    double cost(Job job) {
        double expected = prices.of(job.turn.demand().expected());
        return Math.max(expected, prices.of(job.all)) / job.weight();
    }

    boolean waits(Tenant tenant) {
        return waiting.stream().anyMatch(job -> job.tenant().equals(tenant.name));
    }

    double totalWeight() {
        return tenants.stream().mapToDouble(Tenant::weight).sum();
    }
}
