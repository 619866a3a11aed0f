package io.llmserve.bench.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.bench.fleet.FleetShape.Policy;
import io.llmserve.routing.SplitOptions;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class FleetSimulationTest {
    private static final StepCosts COSTS =
            new StepCosts(0.005, 0.001, 0.001, 0.005, 2e-5, new StepCosts.Batching(32, 256, 256));
    private static final FleetReport.Objectives OBJECTIVES = new FleetReport.Objectives(2, 0.05);

    @Test
    void aLoneRequestTakesWhatItsStepsTake() {
        FleetLoad one = new FleetLoad(1, 1, 600, 600, 0, 40, 0, 1, 3);
        SimulatedRequest request = one.arrivals().getFirst();
        FleetReport report = FleetSimulation.run(FleetShape.together(1, Policy.ROUND_ROBIN), COSTS, one, OBJECTIVES);
        int chunks = Math.ceilDiv(request.promptTokens, 256);
        assertThat(report.firstToken().p50()).isCloseTo(chunks * 0.005 + request.promptTokens * 0.001, within());
        assertThat(report.gap().p99()).isCloseTo(0.006, within());
    }

    @Test
    void aWorkerOfItsOwnForPromptsSparesTheStreams() {
        FleetLoad load = new FleetLoad(400, 8, 100, 1_500, 0.3, 64, 0, 1, 1);
        FleetReport together = run(FleetShape.together(8, Policy.LEAST_IN_FLIGHT), load);
        FleetReport apart = run(FleetShape.apart(6, 2, SplitOptions.ALWAYS, Policy.LEAST_IN_FLIGHT), load);
        assertThat(apart.counts().splits()).isEqualTo(400);
        assertThat(together.counts().splits()).isZero();
        assertThat(apart.gap().p99()).isLessThan(together.gap().p99() / 10);
    }

    @Test
    void sharedBeginningsAreComputedOnce() {
        FleetShape one = FleetShape.together(1, Policy.LEAST_IN_FLIGHT);
        FleetReport shared = run(one, new FleetLoad(100, 0.5, 100, 100, 0, 10, 2_048, 1, 1));
        FleetReport own = run(one, new FleetLoad(100, 0.5, 2_148, 2_148, 0, 10, 0, 1, 1));
        assertThat(shared.firstToken().p50()).isLessThan(own.firstToken().p50() / 5);
    }

    @Test
    void theDeciderKeepsShortPromptsWhole() {
        FleetLoad tiny = new FleetLoad(200, 4, 20, 20, 0, 20, 0, 1, 1);
        FleetReport report = run(FleetShape.apart(2, 2, SplitOptions.LEARNED, Policy.LEAST_IN_FLIGHT), tiny);
        assertThat(report.counts().splits()).isZero();
    }

    @Test
    void whatADeadWorkerHadGoesOnElsewhere() {
        FleetLoad load = new FleetLoad(200, 4, 100, 1_500, 0.3, 64, 0, 1, 1);
        FleetShape shape = FleetShape.apart(2, 4, SplitOptions.ALWAYS, Policy.LEAST_IN_FLIGHT);
        FleetReport report = run(shape.killing(3, 2), load);
        assertThat(report.counts().continued()).isGreaterThan(10);
        assertThat(report.counts().lost()).isZero();
        assertThat(report.firstToken().p99())
                .isGreaterThan(run(shape, load).firstToken().p99());
    }

    private static FleetReport run(FleetShape shape, FleetLoad load) {
        return FleetSimulation.run(shape, COSTS, load, OBJECTIVES);
    }

    private static Offset<Double> within() {
        return Offset.offset(1e-9);
    }
}
