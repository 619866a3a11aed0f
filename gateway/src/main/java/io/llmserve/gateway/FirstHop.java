package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import io.llmserve.wire.PrefillAnswer;
import io.llmserve.wire.WorkerAnnouncement;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A request whose prompt is computed at one worker and its tokens at another, up to the second one's turn: after
/// the first, or at once where both move pages as they are computed. Owned by one event loop.
final class FirstHop implements PrefillHop.Outcome {
    /// What it comes to.
    interface Outcome {
        /// The second worker's turn.
        void decode(Place worker, String id, Buffer body);

        /// The worker for the prompt let it down.
        ///
        /// @param secondWaits whether the one for the tokens has not had its turn
        void prefillFailed(HostPort worker, UpstreamFailure failure, boolean secondWaits);

        /// The request itself was refused, while the second worker waited.
        void prefillRefused(HttpClientResponse head, Buffer body);
    }

    private static final int MAX_PAIRS = 2;

    private final GatewayState state;
    private final RequestHead head;
    private final WorkerCalls calls;
    private final HopBodies bodies;
    private final Outcome outcome;
    private PromptParts prompt = PromptParts.UNREAD;
    private int pairs;
    private long endNanos;
    private @Nullable PrefillHop hop;
    /// Of the worker that waits for prefill to end.
    private @Nullable Place waiting;

    FirstHop(GatewayState state, RequestHead head, WorkerCalls calls, HopBodies bodies, Outcome outcome) {
        this.state = state;
        this.head = head;
        this.calls = calls;
        this.bodies = bodies;
        this.outcome = outcome;
    }

    /// Whether another pair may be tried.
    boolean mayBegin() {
        return pairs < MAX_PAIRS;
    }

    /// The worker that has the tokens to compute shall compute the prompt too.
    void giveUp() {
        pairs = MAX_PAIRS;
    }

    /// When the prompt's pages were there; 0 where that was not told.
    long endNanos() {
        return endNanos;
    }

    /// Both hops carry the same id; another pair gets another one, so that nobody meets pages left from the first.
    void begin(PromptParts read, Place prefill, Place decode) {
        prompt = read;
        pairs++;
        String id = HopIds.of(pairs == 1 ? head.id() : head.id() + "~" + pairs, prefill.worker(), decode.worker());
        boolean nccl = prefill.worker().engine().equals(Optional.of(Engine.VLLM_P2P_NCCL));
        boolean early = prefill.worker().streamsPages() && decode.worker().streamsPages();
        PrefillHop first = new PrefillHop(state, prefill, id, this);
        hop = first;
        endNanos = 0;
        if (!early) {
            waiting = decode;
        }
        calls.send(first, bodies.prefill(prompt.members(), !nccl));
        if (early) {
            outcome.decode(decode, id, bodies.decode(prompt.members(), promised(prefill, id)));
        }
    }

    /// What prefill will say: a worker that streams its pages has announced it.
    private static byte[] promised(Place prefill, String id) {
        WorkerAnnouncement said = prefill.worker().announcement.orElseThrow();
        return PullFromPrefill.early(said.engineId(), id, said.kvAddress().orElseThrow())
                .toJson();
    }

    void checkDeadline(long nowNanos) {
        if (hop != null) {
            hop.checkDeadline(nowNanos);
        }
    }

    /// Gives both workers back, as far as they have not had their turn.
    void close() {
        if (hop != null) {
            hop.close();
            hop = null;
        }
        if (waiting != null) {
            waiting.release();
            waiting = null;
        }
    }

    @Override
    public void prefilled(PrefillHop done, PrefillAnswer answer, double seconds) {
        hop = null;
        endNanos = state.clock.nanos();
        state.metrics.prefilled(seconds);
        state.pool.seen(done.worker(), prompt.chunks());
        state.pool.learn(costs -> {
            costs.tokenised(prompt.chunks().bytes(), answer.promptTokens());
            if (done.wasAlone() && answer.promptTokens() > 0) {
                costs.prefilled(done.worker(), answer.promptTokens() - answer.cachedTokens(), seconds);
            }
        });
        Place decode = waiting;
        if (decode != null) {
            waiting = null;
            Buffer body = answer.transfer()
                    .map(transfer -> bodies.decode(prompt.members(), transfer))
                    .orElseGet(bodies::whole);
            outcome.decode(decode, done.id(), body);
        }
    }

    @Override
    public void prefillFailed(PrefillHop failed, UpstreamFailure failure, String why) {
        hop = null;
        state.metrics.upstreamFailed(failed.worker(), failure);
        state.pool.requestFailed(failed.worker(), failure, why);
        outcome.prefillFailed(failed.worker(), failure, waiting != null);
    }

    /// Where decode was asked at the same time, it says the same.
    @Override
    public void prefillRefused(HttpClientResponse answer, Buffer body) {
        hop = null;
        if (waiting != null) {
            close();
            outcome.prefillRefused(answer, body);
        }
    }
}
