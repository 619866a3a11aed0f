package io.llmserve.bench.fleet;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.routing.Endpoint;
import io.llmserve.routing.PrefixIndex;
import io.llmserve.routing.PromptChunks;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A worker with continuous batching, chunked prefill and a prefix cache: each step gives every running stream
/// a token and takes one chunk of the first prompt in line. Owned by the simulation.
final class SimulatedWorker {
    private static final String PAGE_KIND = "simulated";
    /// Some 65,000 tokens.
    private static final int CACHED_CHUNKS = 1 << 10;

    final HostPort address;
    final WorkerRole role;
    final Deque<SimulatedRequest> prompts = new ArrayDeque<>();
    final List<SimulatedRequest> streams = new ArrayList<>();
    /// Requests that have their place here, those on their way included.
    int inFlight;
    boolean up = true;
    boolean stepping;
    /// Counts lives: a step that was planned before the worker died does not happen.
    int life;
    /// When its network has carried all that it was given.
    double networkFree;
    private PrefixIndex cache = new PrefixIndex(CACHED_CHUNKS);
    private int chunk;
    private @Nullable SimulatedRequest computing;

    SimulatedWorker(HostPort address, WorkerRole role) {
        this.address = address;
        this.role = role;
    }

    Endpoint endpoint() {
        double left = 0;
        for (SimulatedRequest each : prompts) {
            left += each.leftToPrefill;
        }
        return new Endpoint(address, role, inFlight, left, PAGE_KIND);
    }

    boolean isIdle() {
        return prompts.isEmpty() && streams.isEmpty();
    }

    /// Tokens of the prompt that have to be computed here, or brought; at least the last one.
    int missing(SimulatedRequest request) {
        int cached = cache.cachedBytes(address, request.prompt) / FleetLoad.BYTES_PER_TOKEN;
        return Math.max(1, request.promptTokens - cached);
    }

    void cached(PromptChunks prompt) {
        cache.seen(address, prompt);
    }

    /// Plans a step; its seconds.
    double beginStep(StepCosts costs) {
        stepping = true;
        StepCosts.Batching batching = costs.batching();
        computing = streams.size() < batching.maxSequences() ? prompts.peek() : null;
        int most = streams.isEmpty() ? batching.chunkAlone() : batching.chunkBeside();
        chunk = computing == null ? 0 : Math.min(most, computing.leftToPrefill);
        return costs.stepSeconds(streams.size(), chunk);
    }

    /// The planned step is done: streams have their tokens. Returns the request whose prompt is computed now, if
    /// one is.
    @Nullable
    SimulatedRequest endStep(double now) {
        stepping = false;
        streams.forEach(stream -> stream.tokenAt(now));
        SimulatedRequest computed = computing;
        // Others may have come in front of it, and it may have been taken away.
        if (computed == null || !prompts.contains(computed)) {
            return null;
        }
        computed.leftToPrefill -= chunk;
        if (computed.leftToPrefill > 0) {
            return null;
        }
        prompts.remove(computed);
        return computed;
    }

    /// It is gone, with all that it had.
    void die() {
        streams.clear();
        prompts.clear();
        cache = new PrefixIndex(CACHED_CHUNKS);
        up = false;
        stepping = false;
        life++;
        inFlight = 0;
        networkFree = 0;
    }
}
