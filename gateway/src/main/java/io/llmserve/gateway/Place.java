package io.llmserve.gateway;

import io.llmserve.core.HostPort;

/// One request's place at one worker, from the choice of the worker to the end of its answer. Counted there
/// until [#release], also when the worker has left the fleet meanwhile. Any thread may call.
final class Place {
    private final WorkerPool pool;
    private final KnownWorker worker;
    private final double promptTokens;
    private boolean prefilling = true;
    private boolean released;

    /// `promptTokens` is our estimate of what the worker has to compute first. Under the pool's lock.
    Place(WorkerPool pool, KnownWorker worker, double promptTokens) {
        this.pool = pool;
        this.worker = worker;
        this.promptTokens = promptTokens;
        worker.inFlight++;
        worker.prefillingTokens += promptTokens;
    }

    HostPort address() {
        return worker.address;
    }

    KnownWorker worker() {
        return worker;
    }

    /// The worker has computed the prompt.
    void prefilled() {
        synchronized (pool) {
            if (prefilling) {
                prefilling = false;
                worker.prefillingTokens = Math.max(0, worker.prefillingTokens - promptTokens);
            }
        }
    }

    void release() {
        synchronized (pool) {
            if (!released) {
                prefilled();
                released = true;
                worker.inFlight--;
            }
        }
    }
}
