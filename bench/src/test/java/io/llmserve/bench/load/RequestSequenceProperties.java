package io.llmserve.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmserve.bench.load.LoadPlan.Extent;
import io.llmserve.bench.load.LoadPlan.Pace;
import io.llmserve.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class RequestSequenceProperties {
    private static final Mix MIX = new Mix(List.of(Shape.parse("long:30"), Shape.parse("short:70")));

    @ParameterizedTest
    @Seeds(20)
    void poissonArrivalsHaveTheAskedRateAndTheSpreadOfAPoissonProcess(long seed) {
        List<PlannedRequest> requests = all(plan(new Arrivals.Poisson(50), Duration.ofSeconds(400), seed));
        // 20,000 expected; 6 standard deviations of a Poisson count.
        assertThat((double) requests.size()).isCloseTo(20_000, within(6 * Math.sqrt(20_000)));
        double[] gaps = new double[requests.size() - 1];
        for (int i = 0; i < gaps.length; i++) {
            gaps[i] = (requests.get(i + 1).offsetNanos() - requests.get(i).offsetNanos()) / 1e9;
        }
        double mean = java.util.Arrays.stream(gaps).average().orElseThrow();
        double variance = java.util.Arrays.stream(gaps)
                .map(gap -> (gap - mean) * (gap - mean))
                .average()
                .orElseThrow();
        assertThat(Math.sqrt(variance) / mean).isCloseTo(1, within(0.08));
    }

    @ParameterizedTest
    @Seeds(20)
    void shapesComeInTheProportionOfTheirWeights(long seed) {
        List<PlannedRequest> requests = all(plan(new Arrivals.Constant(1000), Duration.ofSeconds(20), seed));
        long longs = requests.stream()
                .filter(request -> request.shape().name().equals("long"))
                .count();
        assertThat(longs / (double) requests.size()).isCloseTo(0.3, within(0.02));
    }

    @ParameterizedTest
    @Seeds(10)
    void sameSeedSameRequests(long seed) {
        LoadPlan plan = plan(new Arrivals.Poisson(20), Duration.ofSeconds(30), seed);
        assertThat(all(plan))
                .isEqualTo(all(plan))
                .isNotEqualTo(all(plan(new Arrivals.Poisson(20), Duration.ofSeconds(30), seed + 1)));
    }

    @Test
    void theShapeOfARequestDoesNotDependOnThePace() {
        Extent extent = new Extent(Duration.ofHours(1), 500);
        List<Shape> open = all(new LoadPlan(MIX, new Pace.OpenLoop(new Arrivals.Poisson(3)), extent, 7)).stream()
                .map(PlannedRequest::shape)
                .toList();
        List<Shape> closed = all(new LoadPlan(MIX, new Pace.ClosedLoop(4), extent, 7)).stream()
                .map(PlannedRequest::shape)
                .toList();
        assertThat(open).isEqualTo(closed).hasSize(500);
    }

    @Test
    void aMetronomeFillsTheDurationExactly() {
        assertThat(all(plan(new Arrivals.Constant(10), Duration.ofSeconds(3), 1)))
                .hasSize(30)
                .allSatisfy(request -> assertThat(request.offsetNanos()).isEqualTo(request.index() * 100_000_000L));
    }

    private static LoadPlan plan(Arrivals arrivals, Duration duration, long seed) {
        return new LoadPlan(MIX, new Pace.OpenLoop(arrivals), new Extent(duration, Integer.MAX_VALUE), seed);
    }

    private static List<PlannedRequest> all(LoadPlan plan) {
        RequestSequence sequence = new RequestSequence(plan);
        List<PlannedRequest> requests = new ArrayList<>();
        for (Optional<PlannedRequest> next = sequence.next(); next.isPresent(); next = sequence.next()) {
            requests.add(next.get());
        }
        return requests;
    }
}
