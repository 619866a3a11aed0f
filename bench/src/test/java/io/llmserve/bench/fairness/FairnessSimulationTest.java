package io.llmserve.bench.fairness;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.admission.share.ShareOptions;
import io.llmserve.bench.fairness.Traffic.Pattern;
import io.llmserve.bench.fleet.StepCosts;
import io.llmserve.testkit.Seeds;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

class FairnessSimulationTest {
    private static final StepCosts COSTS =
            new StepCosts(0.0077, 0.0031, 1 / 521.0, 0.002, 2e-5, new StepCosts.Batching(32, 512, 64));

    @ParameterizedTest
    @Seeds(5)
    void aFloodHardlyDelaysTheOthers(long seed) {
        List<FairnessReport> reports = run(Pattern.FLOOD, seed);
        double wait = wait(reports, Policy.FAIR_SHARE);
        assertThat(wait).isLessThan(wait(reports, Policy.FCFS) / 50);
        assertThat(wait).isLessThan(wait(reports, Policy.ROUND_ROBIN) / 1.3);
        assertThat(wait).isLessThan(wait(reports, Policy.VTC));
        assertThat(of(reports, Policy.FAIR_SHARE).jainsIndex())
                .isGreaterThan(0.9)
                .isGreaterThan(of(reports, Policy.FCFS).jainsIndex());
    }

    @ParameterizedTest
    @Seeds(5)
    void shortRequestsAreSlowedDownLeastUnderFairShare(long seed) {
        for (Pattern pattern : Pattern.values()) {
            List<FairnessReport> reports = run(pattern, seed);
            double fair = of(reports, Policy.FAIR_SHARE).shortSlowdown();
            assertThat(fair).isGreaterThanOrEqualTo(1);
            assertThat(reports)
                    .as("%s", pattern)
                    .allSatisfy(other -> assertThat(other.shortSlowdown()).isGreaterThanOrEqualTo(fair));
        }
    }

    @Test
    void everyPolicyDoesTheSameWork() {
        for (Pattern pattern : Pattern.values()) {
            List<FairnessReport> reports = run(pattern, 1);
            FairnessReport first = reports.getFirst();
            assertThat(reports).allSatisfy(other -> {
                assertThat(other.requests()).isEqualTo(first.requests());
                assertThat(other.tokensPerSecond())
                        .isCloseTo(first.tokensPerSecond(), Offset.offset(0.02 * first.tokensPerSecond()));
            });
        }
    }

    @Test
    void partsAreMaxMinFair() {
        assertThat(MaxMin.divide(10, new double[] {1, 20, 3, 30})).containsExactly(1, 3, 3, 3);
        assertThat(MaxMin.divide(100, new double[] {1, 20, 3, 30})).containsExactly(1, 20, 3, 30);
        assertThat(MaxMin.divide(9, new double[] {0, 5, 9})).containsExactly(0, 4.5, 4.5);
    }

    private static double wait(List<FairnessReport> reports, Policy policy) {
        return of(reports, policy).politeFirstToken().mean();
    }

    private static FairnessReport of(List<FairnessReport> reports, Policy policy) {
        return reports.stream()
                .filter(report -> report.policy() == policy)
                .findFirst()
                .orElseThrow();
    }

    private static List<FairnessReport> run(Pattern pattern, long seed) {
        Traffic traffic = new Traffic(pattern, 0.9, 3_600, seed);
        return Arrays.stream(Policy.values())
                .map(policy -> FairnessSimulation.run(policy, traffic, COSTS, ShareOptions.DEFAULT))
                .toList();
    }
}
