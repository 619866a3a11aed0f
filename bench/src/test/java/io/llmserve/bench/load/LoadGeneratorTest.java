package io.llmserve.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmserve.bench.load.LoadPlan.Extent;
import io.llmserve.bench.load.LoadPlan.Pace;
import io.llmserve.bench.load.LoadReport.Spread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// In virtual time, on the test's own thread.
class LoadGeneratorTest {
    private static final Mix MIX = new Mix(List.of(new Shape("chat", 1, 10, 5)));
    private static final LoadReport.Setting SETTING = new LoadReport.Setting("http://fake", "fake", "", true, 1);

    @Test
    void aStallIsFeltByEveryRequestThatWasDueMeanwhile() {
        // 14 ms of work each 100 ms; at request 10 the server stalls for 1 s. A generator that waits for the stalled
        // answer before it sends the next would report one slow request of a hundred.
        LoadReport report = run(new Arrivals.Constant(10), 100, new FakeServer(10, 1, 10, 1000), Objectives.NONE);
        Spread firstToken = report.all().latencyMillis().firstToken();
        assertThat(firstToken.count()).isEqualTo(100);
        assertThat(firstToken.max()).isCloseTo(1010, within(2.0));
        assertThat(firstToken.p90()).as("the ten behind it waited too").isGreaterThan(80);
        assertThat(firstToken.p50()).isCloseTo(10, within(0.1));
    }

    @Test
    void reportsTheServersOwnPaceWhenNothingWaits() {
        LoadReport report = run(new Arrivals.Constant(10), 50, new FakeServer(10, 2, -1, 0), Objectives.NONE);
        LoadReport.Latency latency = report.all().latencyMillis();
        assertThat(latency.interToken().count()).isEqualTo(50 * 4);
        assertThat(latency.interToken().p99()).isCloseTo(2, within(0.01));
        assertThat(latency.perToken().mean()).isCloseTo(2, within(0.01));
        assertThat(latency.endToEnd().p50()).isCloseTo(18, within(0.05));
        assertThat(report.seconds()).isCloseTo(4.918, within(1e-6));
        assertThat(report.all().rates().outputTokens()).isCloseTo(250 / 4.918, within(1e-6));
    }

    @Test
    void goodputCountsOnlyRequestsWithinTheObjectives() {
        Objectives objectives = new Objectives(Optional.of(Duration.ofMillis(50)), Optional.of(Duration.ofMillis(2)));
        LoadReport.Counts counts = run(new Arrivals.Constant(10), 100, new FakeServer(10, 1, 10, 1000), objectives)
                .all()
                .counts();
        // A delay of 1,000 ms shrinks by 86 ms a request: requests 10 to 21 start more than 40 ms late.
        assertThat(counts.withinObjectives()).isEqualTo(100 - 12);
        assertThat(counts.complete()).isEqualTo(100);
        Objectives stricter = new Objectives(Optional.empty(), Optional.of(Duration.ofNanos(900_000)));
        assertThat(run(new Arrivals.Constant(10), 100, new FakeServer(10, 1, -1, 0), stricter)
                        .all()
                        .counts()
                        .withinObjectives())
                .isZero();
    }

    @Test
    void aUserOfAClosedLoopSendsWhenTheLastAnswerHasEnded() {
        List<Outcome> outcomes = new ArrayList<>();
        LoadPlan plan = new LoadPlan(MIX, new Pace.ClosedLoop(1), new Extent(Duration.ofSeconds(1), 1000), 1);
        new LoadGenerator(new FakeServer(6, 1, -1, 0), new FakeTimeline(), Runnable::run).run(plan, outcomes::add);
        assertThat(outcomes).hasSize(100);
        for (int i = 1; i < outcomes.size(); i++) {
            assertThat(outcomes.get(i).timing().scheduled())
                    .isEqualTo(outcomes.get(i - 1).timing().end());
        }
    }

    @Test
    void requestsBeyondTheClientsOwnLimitFailAsSuch() {
        List<Runnable> held = new ArrayList<>();
        List<Outcome> outcomes = new ArrayList<>();
        LoadPlan plan =
                new LoadPlan(MIX, new Pace.OpenLoop(new Arrivals.Constant(10)), new Extent(Duration.ofHours(1), 5), 1);
        // Three requests stay under way until the two after them have been refused.
        Consumer<Outcome> hear = outcome -> {
            outcomes.add(outcome);
            if (outcomes.size() == 2) {
                List.copyOf(held).forEach(Runnable::run);
            }
        };
        new LoadGenerator(new FakeServer(1, 1, -1, 0), new FakeTimeline(), held::add, 3).run(plan, hear);
        assertThat(outcomes).hasSize(5);
        assertThat(outcomes.stream().map(Outcome::error)).containsExactly("client_limit", "client_limit", "", "", "");
    }

    private static LoadReport run(Arrivals arrivals, int requests, Target target, Objectives objectives) {
        LoadStatistics statistics = new LoadStatistics(MIX, objectives);
        LoadPlan plan = new LoadPlan(MIX, new Pace.OpenLoop(arrivals), new Extent(Duration.ofHours(1), requests), 1);
        new LoadGenerator(target, new FakeTimeline(), Runnable::run).run(plan, statistics::add);
        return statistics.report(SETTING);
    }
}
