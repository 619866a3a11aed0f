package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.routing.Decision.Why;
import io.llmserve.wire.RequestPeek;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The workers' half of an exchange, from its place at the workers on: chooses one worker, or one for the prompt
/// and one for the tokens, and heals what can be healed. While the client has seen nothing, another worker, or
/// another pair, is asked once, and a prompt that prefill does not deliver is computed where it is decoded. When a
/// stream breaks, another worker goes on behind the tokens that the client has. Owned by one event loop.
final class Dispatch implements AnswerLeg.Outcome, FirstHop.Outcome, ClientEnd.Writer {
    /// How it ended; told once, and not at all after [#close].
    interface Outcome {
        void answered(int status);

        void failed(ServeException reason);

        void clientTooSlow();

        /// The answer has so many tokens by now; said from time to time.
        void delivered(long tokens);
    }

    private static final int OK = 200;
    private static final int SERVERS_FAULT = 500;
    private static final int UNAVAILABLE = 503;

    private final GatewayLoop loop;
    private final GatewayState state;
    private final RequestHead head;
    private final RequestPeek peek;
    private final HopBodies bodies;
    private final WorkerCalls calls;
    private final FirstHop first;
    private final ClientEnd client;
    private final StreamRescue rescue;
    private final Outcome outcome;
    private final Set<HostPort> tried = new HashSet<>();
    private PromptParts prompt = PromptParts.UNREAD;
    private boolean closed;
    private boolean retried;
    private @Nullable AnswerLeg leg;

    Dispatch(
            GatewayLoop loop,
            HttpServerRequest request,
            RequestHead head,
            RequestPeek peek,
            Buffer body,
            Outcome outcome) {
        this.loop = loop;
        this.state = loop.state();
        this.head = head;
        this.peek = peek;
        this.outcome = outcome;
        boolean goesOn = head.route().generates() && peek.stream() && peek.choices() == 1 && state.pool.goesOn();
        this.bodies = new HopBodies(head.route(), body, peek, head.tenant(), goesOn, goesOn && state.pool.resumes());
        this.calls = new WorkerCalls(loop, request, head);
        this.first = new FirstHop(state, head, calls, bodies, this);
        this.client = new ClientEnd(state, request, head, peek, goesOn, this);
        this.rescue = new StreamRescue(state, head, bodies, model());
    }

    void start() {
        // Scores are made of logits, and those do not move with the pages: who echoes a prompt computes it.
        boolean mayPart = head.route().generates() && peek.choices() == 1 && !peek.echo() && state.pool.parts();
        if (!mayPart) {
            go();
        } else if (bodies.whole().length() <= Exchange.PEEK_BYTES) {
            prompt = PromptParts.of(bodies, head.tenant());
            go();
        } else {
            loop.compute(() -> PromptParts.of(bodies, head.tenant()), read -> {
                prompt = read.succeeded() ? read.result() : PromptParts.UNREAD;
                go();
            });
        }
    }

    /// Whether the client has seen any of the answer.
    boolean begun() {
        return client.begun();
    }

    /// Ends an answer that has begun.
    void breakOff(ServeException failure) {
        client.breakOff(failure);
    }

    long sentBytes() {
        return client.sentBytes();
    }

    /// Tokens of the answer that the client was sent, as far as the answer tells.
    long generatedTokens() {
        return client.generatedTokens();
    }

    /// Gives all workers back; those that are still at work see their connections close.
    void close() {
        closed = true;
        first.close();
        if (leg != null) {
            leg.close();
        }
    }

    void checkDeadline(long nowNanos) {
        first.checkDeadline(nowNanos);
        if (leg != null) {
            leg.checkDeadline(nowNanos);
        }
    }

    private void go() {
        if (closed) {
            return;
        }
        switch (place(tried)) {
            case Placement.Whole(Place worker, Why why) -> {
                state.metrics.routed("serve", why);
                answer(worker, AnswerLeg.Kind.WHOLE, head.id(), head.uri(), bodies.whole());
            }
            case Placement.Parted(Place prefill, Place decode, Why why) -> {
                state.metrics.routed("split", why);
                first.begin(prompt, prefill, decode);
            }
            case Placement.None(ServeException reason) -> outcome.failed(reason);
        }
    }

    private Placement place(Set<HostPort> except) {
        return state.pool.place(
                new Ask(model(), prompt.chunks(), prompt.mayPart() && first.mayBegin(), Optional.empty(), except));
    }

    private String model() {
        return peek.model().orElse("");
    }

    private void answer(Place worker, AnswerLeg.Kind kind, String id, String uri, Buffer body) {
        AnswerLeg next = new AnswerLeg(state, worker, kind, this);
        leg = next;
        calls.send(next, id, uri, body);
    }

    @Override
    public void decode(Place worker, String id, Buffer body) {
        answer(worker, AnswerLeg.Kind.DECODE, id, head.uri(), body);
    }

    /// Another pair, or the decode worker alone. One that was only slow is not asked again: no more time is lost.
    @Override
    public void prefillFailed(HostPort worker, UpstreamFailure failure, boolean secondWaits) {
        if (begun() || (!secondWaits && leg == null)) {
            return;
        }
        tried.add(worker);
        if (!failure.mayRetry()) {
            first.giveUp();
        }
        state.metrics.recovered("prefill");
        first.close();
        if (leg != null) {
            leg.close();
            leg = null;
            client.forget();
        }
        go();
    }

    @Override
    public void prefillRefused(HttpClientResponse answer, Buffer body) {
        client.refuse(answer, body);
        outcome.answered(answer.statusCode());
    }

    @Override
    public @Nullable Relay began(AnswerLeg from, HttpClientResponse answer) {
        int status = answer.statusCode();
        if (from.kind() == AnswerLeg.Kind.RESUMED) {
            if (status != OK) {
                from.failed(UpstreamFailure.REFUSED, "it answered " + status);
                return null;
            }
            from.canGoElsewhere();
            return client.relay();
        }
        boolean transferFailed = from.kind() == AnswerLeg.Kind.DECODE && status >= SERVERS_FAULT;
        if (transferFailed || (status == UNAVAILABLE && !retried && hasOther(from.worker()))) {
            from.failed(UpstreamFailure.REFUSED, "it answered " + status);
            return null;
        }
        return client.open(from, answer);
    }

    private boolean hasOther(HostPort worker) {
        Set<HostPort> except = new HashSet<>(tried);
        except.add(worker);
        return state.pool.hasCandidate(model(), except);
    }

    @Override
    public void spoke(AnswerLeg from) {
        if (prompt.chunks().bytes() == 0 || !peek.stream()) {
            return;
        }
        state.pool.seen(from.worker(), prompt.chunks());
        long now = state.clock.nanos();
        if (from.kind() == AnswerLeg.Kind.DECODE) {
            double seconds = Math.max(0, now - Math.max(from.startNanos(), first.endNanos())) / 1e9;
            state.metrics.handedOver(seconds);
            state.pool.learn(
                    costs -> costs.transferred(costs.tokens(prompt.chunks().bytes()), seconds));
        }
    }

    @Override
    public void ended(AnswerLeg from) {
        leg = null;
        first.close();
        outcome.answered(client.status());
    }

    @Override
    public void clientTooSlow() {
        outcome.clientTooSlow();
    }

    @Override
    public void delivered(long tokens) {
        outcome.delivered(tokens);
    }

    @Override
    public void clientIsSlow() {
        if (leg != null) {
            leg.clientIsSlow();
        }
    }

    @Override
    public void clientCaughtUp() {
        if (leg != null) {
            leg.clientCaughtUp();
        }
    }

    @Override
    public void failed(AnswerLeg from, UpstreamFailure failure, String why) {
        leg = null;
        first.close();
        state.metrics.upstreamFailed(from.worker(), failure);
        state.pool.requestFailed(from.worker(), failure, why);
        if (begun()) {
            goOn(from.place().worker(), failure, why);
        } else {
            beginAnew(from, failure, why);
        }
    }

    /// The client has seen nothing yet.
    private void beginAnew(AnswerLeg from, UpstreamFailure failure, String why) {
        client.forget();
        if (from.kind() == AnswerLeg.Kind.DECODE && failure == UpstreamFailure.REFUSED) {
            first.giveUp(); // its pages could not be had: it computes the prompt itself
            state.metrics.recovered("transfer");
            go();
            return;
        }
        if (!retried && failure.mayRetry() && hasAnother(from.worker(), failure)) {
            state.metrics.retried();
            go();
            return;
        }
        outcome.failed(failure.exception(from.worker(), why, retried));
    }

    /// A worker that closed an idle connection just as we used it is no worse than another.
    private boolean hasAnother(HostPort failed, UpstreamFailure failure) {
        retried = true;
        tried.add(failed);
        if (!state.pool.hasCandidate(model(), tried) && failure == UpstreamFailure.CLOSED) {
            tried.clear();
        }
        return state.pool.hasCandidate(model(), tried);
    }

    /// Another worker goes on behind the tokens that the client has.
    private void goOn(KnownWorker lost, UpstreamFailure failure, String why) {
        Transcript soFar = client.continuable().orElse(null);
        if (soFar == null) {
            outcome.failed(failure.exception(lost.address, why, retried));
            return;
        }
        bodies.promptTokens().ifPresent(soFar::hasPrompt);
        if (soFar.onlyLacksItsEnd()) {
            state.metrics.continued("complete");
            client.end(soFar.end());
            outcome.answered(OK);
            return;
        }
        Optional<StreamRescue.Way> way = rescue.find(soFar, prompt.chunks(), lost);
        state.metrics.continued(way.isPresent() ? "elsewhere" : "nowhere");
        if (way.isEmpty()) {
            outcome.failed(failure.exception(lost.address, why, rescue.times() > 0));
            return;
        }
        StreamRescue.Way found = way.get();
        client.continueElsewhere(found.answer());
        answer(found.worker(), AnswerLeg.Kind.RESUMED, head.id(), found.uri(), found.body());
    }
}
