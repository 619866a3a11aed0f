package io.llmserve.bench.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.routing.SplitOptions;
import io.llmserve.testkit.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;

/// Whatever the fleet, the load and the worker that dies next.
class FleetSimulationProperties {
    private static final StepCosts COSTS =
            new StepCosts(0.005, 0.001, 0.001, 0.005, 2e-5, new StepCosts.Batching(8, 256, 64));
    private static final FleetReport.Objectives OBJECTIVES = new FleetReport.Objectives(2, 0.05);

    @ParameterizedTest
    @Seeds(100)
    void everyRequestEndsOnceAndLeavesNoPlaceTaken(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        FleetShape shape = shape(random).killing(1 + 5 * random.nextDouble(), 0.5 + 5 * random.nextDouble());
        FleetLoad load = load(random, shape, seed);

        FleetReport report = FleetSimulation.run(shape, COSTS, load, OBJECTIVES);

        assertThat(report.counts().lost()).isZero();
        assertThat(report.counts().leftBehind()).isZero();
        assertThat(FleetSimulation.run(shape, COSTS, load, OBJECTIVES))
                .as("the same once more")
                .isEqualTo(report);
    }

    @ParameterizedTest
    @Seeds(100)
    void nobodyIsFasterThanTheCostsAllow(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        FleetShape shape = shape(random);
        FleetReport report = FleetSimulation.run(shape, COSTS, load(random, shape, seed), OBJECTIVES);
        assertThat(report.firstToken().p50()).isGreaterThanOrEqualTo(COSTS.stepSeconds(0, 1));
        assertThat(report.gap().p50()).isGreaterThanOrEqualTo(COSTS.stepSeconds(1, 0));
        assertThat(report.tokensPerSecond())
                .isLessThanOrEqualTo((shape.decode() + shape.both()) * 8 / COSTS.stepSeconds(8, 0) * 1.0001);
        assertThat(report.goodShare()).isBetween(0.0, 1.0);
    }

    @ParameterizedTest
    @Seeds(40)
    void twiceTheWorkersDoNearlyTwiceTheWork(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        FleetShape shape = shape(random);
        FleetShape twice = new FleetShape(
                2 * shape.prefill(), 2 * shape.decode(), 2 * shape.both(), shape.split(), shape.policy(), 0, 0);
        // All at once: the fleet is what holds them up.
        FleetLoad load = new FleetLoad(60 * shape.workers(), 1e6, 50, 400, 0.3, 20, 0, 1, seed);
        double once = FleetSimulation.run(shape, COSTS, load, OBJECTIVES).tokensPerSecond();
        assertThat(FleetSimulation.run(twice, COSTS, load, OBJECTIVES).tokensPerSecond())
                .isGreaterThan(1.3 * once);
    }

    private static FleetShape shape(SplittableRandom random) {
        return new FleetShape(
                random.nextInt(4),
                1 + random.nextInt(4),
                random.nextInt(3),
                random.nextBoolean() ? SplitOptions.ALWAYS : SplitOptions.LEARNED,
                random.nextBoolean() ? FleetShape.Policy.LEAST_IN_FLIGHT : FleetShape.Policy.ROUND_ROBIN,
                0,
                0);
    }

    private static FleetLoad load(SplittableRandom random, FleetShape shape, long seed) {
        int shared = random.nextBoolean() ? 256 : 0;
        return new FleetLoad(100, 0.5 * shape.workers(), 50, 800, 0.3, 20, shared, 3, seed);
    }
}
