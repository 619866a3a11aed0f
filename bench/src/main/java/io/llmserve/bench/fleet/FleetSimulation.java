package io.llmserve.bench.fleet;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.routing.Decision;
import io.llmserve.routing.Endpoint;
import io.llmserve.routing.Router;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A fleet in virtual time: the gateway's router chooses, learns from what it sees, and sends what a dead worker
/// had to another one, behind the tokens that its client has. The same arguments give the same report.
public final class FleetSimulation {
    private final FleetShape shape;
    private final StepCosts costs;
    private final Router router;
    private final Map<HostPort, SimulatedWorker> workers = new LinkedHashMap<>();
    private final List<SimulatedRequest> requests;
    private final Deque<SimulatedRequest> homeless = new ArrayDeque<>();
    private final VirtualTime time = new VirtualTime();
    private int open;
    private int splits;
    private int continued;
    private int victim;

    private FleetSimulation(FleetShape shape, StepCosts costs, FleetLoad load) {
        this.shape = shape;
        this.costs = costs;
        requests = load.arrivals();
        open = requests.size();
        router = new Router(shape.policy().picker(), shape.policy().picker(), shape.split());
        hire("p", shape.prefill(), WorkerRole.PREFILL);
        hire("d", shape.decode(), WorkerRole.DECODE);
        hire("b", shape.both(), WorkerRole.BOTH);
    }

    public static FleetReport run(
            FleetShape shape, StepCosts costs, FleetLoad load, FleetReport.Objectives objectives) {
        return new FleetSimulation(shape, costs, load).run(objectives);
    }

    private FleetReport run(FleetReport.Objectives objectives) {
        requests.forEach(request -> time.at(request.arrival, () -> route(request)));
        if (shape.killEverySeconds() > 0) {
            time.after(shape.killEverySeconds(), this::kill);
        }
        while (open > 0 && time.next()) {}
        int leftBehind =
                workers.values().stream().mapToInt(worker -> worker.inFlight).sum();
        return FleetReport.of(requests, objectives, new FleetReport.Counts(splits, continued, open, leftBehind));
    }

    private void hire(String name, int count, WorkerRole role) {
        for (int i = 1; i <= count; i++) {
            HostPort address = new HostPort(name, i);
            workers.put(address, new SimulatedWorker(address, role));
        }
    }

    private void route(SimulatedRequest request) {
        List<Endpoint> candidates = new ArrayList<>(workers.size());
        for (SimulatedWorker worker : workers.values()) {
            if (worker.up) {
                candidates.add(worker.endpoint());
            }
        }
        request.attempt++;
        switch (router.route(request.prompt, candidates, request.generated == 0)) {
            case Decision.Serve(HostPort address, Decision.Why _) -> {
                SimulatedWorker worker = worker(address);
                request.decode = worker;
                worker.inFlight++;
                prompt(worker, request);
            }
            case Decision.Split(HostPort prefill, HostPort decode, Decision.Why _) -> {
                splits++;
                SimulatedWorker first = worker(prefill);
                request.prefill = first;
                request.decode = worker(decode);
                request.alone = first.isIdle();
                first.inFlight++;
                worker(decode).inFlight++;
                prompt(first, request);
            }
            case Decision.Reject() -> homeless.add(request);
        }
    }

    private void prompt(SimulatedWorker worker, SimulatedRequest request) {
        request.leftToPrefill = worker.missing(request) + request.generated;
        request.sentToPrefill = time.now();
        worker.prompts.add(request);
        step(worker);
    }

    private void step(SimulatedWorker worker) {
        if (worker.up && !worker.stepping && !worker.isIdle()) {
            int life = worker.life;
            time.after(worker.beginStep(costs), () -> {
                if (worker.life == life) {
                    stepped(worker);
                }
            });
        }
    }

    private void stepped(SimulatedWorker worker) {
        SimulatedRequest computed = worker.endStep(time.now());
        if (computed != null) {
            has(worker, computed);
            if (worker.equals(computed.prefill)) {
                handOver(worker, computed);
            } else {
                // The step that computes the end of a prompt brings the first token too.
                computed.tokenAt(time.now());
                worker.streams.add(computed);
            }
        }
        worker.streams.removeIf(request -> ended(worker, request));
        step(worker);
    }

    private void has(SimulatedWorker worker, SimulatedRequest request) {
        worker.cached(request.prompt);
        router.seen(worker.address, request.prompt);
    }

    private boolean ended(SimulatedWorker worker, SimulatedRequest request) {
        if (request.isComplete()) {
            worker.inFlight--;
            request.decode = null;
            open--;
        }
        return request.isComplete();
    }

    /// Pages go one prompt after the other through the network of either worker.
    private void handOver(SimulatedWorker from, SimulatedRequest request) {
        if (request.alone) {
            router.costs().prefilled(from.address, request.promptTokens, time.now() - request.sentToPrefill);
        }
        SimulatedWorker to = Objects.requireNonNull(request.decode);
        int tokens = to.missing(request);
        double begin = Math.max(time.now(), Math.max(from.networkFree, to.networkFree));
        double end = begin + costs.transferSeconds(tokens);
        from.networkFree = end;
        to.networkFree = end;
        double asked = time.now();
        int attempt = request.attempt;
        time.at(end, () -> {
            if (request.attempt == attempt) {
                router.costs().transferred(tokens, time.now() - asked);
                from.inFlight--;
                request.prefill = null;
                arrived(to, request);
            }
        });
    }

    /// One step over the last token of the prompt; then it streams.
    private void arrived(SimulatedWorker to, SimulatedRequest request) {
        request.leftToPrefill = 1;
        to.prompts.addFirst(request);
        step(to);
    }

    /// The next worker in turn dies; what it had, and what was on its way to it or from it, goes elsewhere. None
    /// dies any more when the last request has come, so that a fleet that only just keeps up comes to an end.
    private void kill() {
        if (time.now() > requests.getLast().arrival) {
            return;
        }
        List<SimulatedWorker> all = List.copyOf(workers.values());
        SimulatedWorker dead = all.get(victim++ % all.size());
        dead.die();
        router.forget(dead.address);
        for (SimulatedRequest request : requests) {
            if (dead.equals(request.decode) || dead.equals(request.prefill)) {
                leave(request.decode, dead, request);
                leave(request.prefill, dead, request);
                request.decode = null;
                request.prefill = null;
                continued++;
                route(request);
            }
        }
        time.after(shape.backSeconds(), () -> {
            dead.up = true;
            for (int waiting = homeless.size(); waiting > 0; waiting--) {
                route(homeless.remove());
            }
        });
        time.after(shape.killEverySeconds(), this::kill);
    }

    private static void leave(@Nullable SimulatedWorker worker, SimulatedWorker dead, SimulatedRequest request) {
        if (worker != null && !worker.equals(dead)) {
            worker.prompts.remove(request);
            worker.streams.remove(request);
            worker.inFlight--;
        }
    }

    private SimulatedWorker worker(HostPort address) {
        return Objects.requireNonNull(workers.get(address), () -> "no worker " + address);
    }
}
