package io.llmserve.bench.load;

import io.llmserve.bench.load.LoadPlan.Pace;
import java.util.Optional;
import java.util.SplittableRandom;

/// The requests of a plan, one after the other. Safe from any thread: which request comes next depends on nothing
/// else.
final class RequestSequence {
    private final LoadPlan plan;
    private final SplittableRandom shapes;
    private final SplittableRandom gaps;
    private int index;
    private long offsetNanos;

    RequestSequence(LoadPlan plan) {
        this.plan = plan;
        SplittableRandom root = new SplittableRandom(plan.seed());
        this.shapes = root.split();
        this.gaps = root.split();
    }

    /// The next request, or nothing when the plan's extent is reached.
    synchronized Optional<PlannedRequest> next() {
        if (plan.pace() instanceof Pace.OpenLoop open && index > 0) {
            offsetNanos += open.arrivals().gapNanos(gaps);
        }
        if (index == plan.extent().requests()
                || offsetNanos >= plan.extent().duration().toNanos()) {
            return Optional.empty();
        }
        return Optional.of(new PlannedRequest(index++, plan.mix().at(shapes.nextDouble()), offsetNanos));
    }
}
