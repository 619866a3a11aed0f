package io.llmserve.admission.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.admission.share.AdversarialLoad.Job;
import io.llmserve.admission.share.AdversarialLoad.Tenant;
import io.llmserve.testkit.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;

/// The bounds of docs/adr/0010-fair-share.md, under adversarial arrivals. M is the most that one tenant has in flight,
/// over its weight.
class FairShareProperties {
    private static final int TICKS = 600;
    private static final double ROUNDING = 1e-6;

    /// Knows M exactly, as it knows what each request is going to receive.
    private static class InFlight implements AdversarialLoad.Watcher {
        final AdversarialLoad load;
        double most;

        InFlight(AdversarialLoad load) {
            this.load = load;
        }

        @Override
        public void started(Job job) {
            double now = load.running.stream()
                    .filter(other -> other.tenant().equals(job.tenant()))
                    .mapToDouble(load::cost)
                    .sum();
            most = Math.max(most, now);
        }
    }

    @ParameterizedTest
    @Seeds(400)
    void countersAreNeverFurtherApartThanTheBound(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Prices prices = new Prices(1, 1 + random.nextInt(3));
        FairShare share = random.nextInt(4) == 0 ? FairShare.vtc(prices) : ours(prices, random);
        AdversarialLoad load = new AdversarialLoad(share, prices, random);
        load.run(TICKS, new InFlight(load) {
            @Override
            public void received(Job job, double work) {
                check();
            }

            @Override
            public void afterTick() {
                check();
            }

            private void check() {
                assertThat(share.gap()).as("tick %d", load.tick).isLessThanOrEqualTo(2 * most + ROUNDING);
                assertThat(share.gap()).isLessThanOrEqualTo(share.bound() + ROUNDING);
                assertThat(share.waiting()).isEqualTo(load.waiting.size());
                assertThat(share.head().isPresent()).as("work-conserving").isEqualTo(!load.waiting.isEmpty());
            }
        });
    }

    /// Of two tenants that both wait all the time, since any moment, neither received more than 5 M more.
    @ParameterizedTest
    @Seeds(400)
    void whoWaitsReceivesItsShare(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Prices prices = new Prices(1, 1 + random.nextInt(3));
        AdversarialLoad load = new AdversarialLoad(ours(prices, random), prices, random);
        load.run(TICKS, new InFlight(load) {
            private final Map<String, Double> service = new HashMap<>();
            private final Map<String, double[]> extremes = new HashMap<>();

            @Override
            public void received(Job job, double work) {
                service.merge(job.tenant(), work / job.weight(), Double::sum);
            }

            @Override
            public void afterTick() {
                List<Tenant> waiting = load.tenants.stream().filter(load::waits).toList();
                for (Tenant one : load.tenants) {
                    for (Tenant other : load.tenants) {
                        if (waiting.contains(one) && waiting.contains(other)) {
                            compare(one.name(), other.name());
                        } else {
                            extremes.remove(one.name() + other.name());
                        }
                    }
                }
            }

            private void compare(String one, String other) {
                double ahead = service.getOrDefault(one, 0.0) - service.getOrDefault(other, 0.0);
                double[] both = extremes.computeIfAbsent(one + other, pair -> new double[] {ahead, ahead});
                both[0] = Math.min(both[0], ahead);
                both[1] = Math.max(both[1], ahead);
                assertThat(both[1] - both[0])
                        .as("%s and %s at tick %d", one, other, load.tick)
                        .isLessThanOrEqualTo(5 * most + ROUNDING);
            }
        });
    }

    /// Between its arrival and its start the tenants receive no more than the sum of weights times what goes before
    /// it in its own line over its weight, and 7 M. As the server works all the while, that is a time.
    @ParameterizedTest
    @Seeds(400)
    void nobodyWaitsLongerThanTheBound(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Prices prices = new Prices(1, 1);
        ShareOptions options = new ShareOptions(prices, 5 + random.nextInt(50), 1);
        AdversarialLoad load = new AdversarialLoad(new FairShare(options), prices, random);
        List<Job> started = new ArrayList<>();
        Map<Job, Double> servedBefore = new HashMap<>();
        load.run(TICKS, new InFlight(load) {
            private double served;

            @Override
            public void received(Job job, double work) {
                served += work;
            }

            @Override
            public void afterTick() {
                load.waiting.forEach(job -> servedBefore.putIfAbsent(job, served));
            }

            @Override
            public void started(Job job) {
                super.started(job);
                started.add(job);
                Double before = servedBefore.get(job);
                if (before == null) {
                    return;
                }
                double ahead = started.stream()
                        .filter(other -> other != job && other.tenant().equals(job.tenant()))
                        .filter(other -> other.start >= job.arrival)
                        .peek(other -> assertThat(options.rank(other.turn.demand()))
                                .as("what started before it in its tenant's line")
                                .isLessThanOrEqualTo(options.rank(job.turn.demand()) + ROUNDING))
                        .mapToDouble(other -> prices.of(other.all))
                        .sum();
                assertThat(served - before)
                        .isLessThanOrEqualTo(load.totalWeight() * (ahead / job.weight() + 7 * most) + ROUNDING);
            }
        });
        assertThat(started).isNotEmpty();
    }

    private static FairShare ours(Prices prices, SplittableRandom random) {
        return new FairShare(new ShareOptions(prices, 1 + random.nextInt(200), random.nextInt(10)));
    }
}
