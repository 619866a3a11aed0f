package io.llmserve.bench.fleet;

import io.llmserve.routing.SplitOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;

/// Fleets of several sizes under a load that grows with them: all workers alike, then prefill and decode apart
/// in several shares.
///
/// @param load of one worker
/// @param killEverySeconds for one worker; more workers die more often; 0: none
public record FleetSweep(
        List<Integer> sizes,
        StepCosts costs,
        FleetLoad load,
        FleetReport.Objectives objectives,
        FleetShape.Policy policy,
        double killEverySeconds) {
    private static final int SHARES = 8;
    private static final double BACK_SECONDS = 5;

    public record Row(FleetShape shape, FleetReport report) {}

    public List<Row> run(Consumer<Row> each) {
        List<Row> rows = new ArrayList<>();
        for (int size : sizes) {
            for (FleetShape shape : shapes(size)) {
                FleetShape fleet = killEverySeconds > 0 ? shape.killing(killEverySeconds / size, BACK_SECONDS) : shape;
                Row row = new Row(fleet, FleetSimulation.run(fleet, costs, load.times(size), objectives));
                rows.add(row);
                each.accept(row);
            }
        }
        return rows;
    }

    private List<FleetShape> shapes(int size) {
        List<FleetShape> shapes = new ArrayList<>();
        shapes.add(FleetShape.together(size, policy));
        TreeSet<Integer> prefills = new TreeSet<>();
        for (int share = 1; share < SHARES; share++) {
            prefills.add(Math.clamp(Math.round((double) size * share / SHARES), 1, Math.max(1, size - 1)));
        }
        for (int prefill : prefills) {
            if (prefill < size) {
                shapes.add(FleetShape.apart(prefill, size - prefill, SplitOptions.LEARNED, policy));
            }
        }
        return shapes;
    }
}
