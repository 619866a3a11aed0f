package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.routing.Decision.Why;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import io.llmserve.wire.PrefillAnswer;
import io.llmserve.wire.RequestPeek;
import io.llmserve.wire.RequestPeek.Named;
import io.llmserve.wire.WorkerAnnouncement;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The workers' half of an exchange, from its place at the workers on: chooses one worker, or one for the prompt
/// and one for the tokens, passes the answer on, and heals what can be healed. While the client has seen
/// nothing, another worker, or another pair, is asked once, and a prompt that prefill does not deliver is
/// computed where it is decoded. When a stream breaks, another worker goes on behind the tokens that the client
/// has. Owned by one event loop.
final class Dispatch implements AnswerLeg.Outcome, PrefillHop.Outcome {
    /// How it ended; told once, and not at all after [#close].
    interface Outcome {
        void answered(int status);

        void failed(ServeException reason);

        void clientTooSlow();
    }

    private static final int OK = 200;
    private static final int SERVERS_FAULT = 500;
    private static final int UNAVAILABLE = 503;
    private static final int MAX_PAIRS = 2;

    private final GatewayLoop loop;
    private final GatewayState state;
    private final HttpServerRequest request;
    private final RequestHead head;
    private final RequestPeek peek;
    private final HopBodies bodies;
    private final boolean goesOn;
    private final StreamRescue rescue;
    private final Outcome outcome;
    private final Set<HostPort> tried = new HashSet<>();
    private PromptParts prompt = PromptParts.UNREAD;
    private boolean closed;
    private boolean retried;
    private int pairs;
    private long prefillEndNanos;
    private long refusedBytes;
    private @Nullable PrefillHop hop;
    /// Of the worker that waits for prefill to end.
    private @Nullable Place waiting;

    private @Nullable AnswerLeg leg;
    private @Nullable Relay relay;
    private @Nullable Transcript transcript;

    Dispatch(
            GatewayLoop loop,
            HttpServerRequest request,
            RequestHead head,
            RequestPeek peek,
            Buffer body,
            Outcome outcome) {
        this.loop = loop;
        this.state = loop.state();
        this.request = request;
        this.head = head;
        this.peek = peek;
        this.outcome = outcome;
        goesOn = head.route().generates() && peek.stream() && peek.choices() == 1 && state.pool.goesOn();
        bodies = new HopBodies(head.route(), body, peek, head.tenant(), goesOn, goesOn && state.pool.resumes());
        rescue = new StreamRescue(state, head, bodies, model());
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
        return relay != null && relay.begun();
    }

    /// Ends an answer that has begun.
    void breakOff(ServeException failure) {
        if (relay != null) {
            relay.breakOff(failure);
        }
    }

    long sentBytes() {
        return relay == null ? refusedBytes : relay.sentBytes();
    }

    /// Gives all workers back; those that are still at work see their connections close.
    void close() {
        closed = true;
        closeHop();
        if (leg != null) {
            leg.close();
        }
    }

    void checkDeadline(long nowNanos) {
        if (hop != null) {
            hop.checkDeadline(nowNanos);
        }
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
                answer(worker, AnswerLeg.Kind.WHOLE, head.id(), bodies.whole());
            }
            case Placement.Parted(Place prefill, Place decode, Why why) -> {
                state.metrics.routed("split", why);
                part(prefill, decode);
            }
            case Placement.None(ServeException reason) -> outcome.failed(reason);
        }
    }

    private Placement place(Set<HostPort> except) {
        return state.pool.place(
                new Ask(model(), prompt.chunks(), prompt.mayPart() && pairs < MAX_PAIRS, Optional.empty(), except));
    }

    private String model() {
        return peek.model().orElse("");
    }

    /// Both hops carry the same id; another pair gets another one, so that nobody meets pages left from the first.
    private void part(Place prefill, Place decode) {
        pairs++;
        String id = HopIds.of(pairs == 1 ? head.id() : head.id() + "~" + pairs, prefill.worker(), decode.worker());
        boolean nccl = prefill.worker().engine().equals(Optional.of(Engine.VLLM_P2P_NCCL));
        boolean early = prefill.worker().streamsPages() && decode.worker().streamsPages();
        PrefillHop first = new PrefillHop(state, prefill, id, this);
        hop = first;
        prefillEndNanos = 0;
        if (!early) {
            waiting = decode;
        }
        first.send(loop.client(), options(prefill.address(), id, head.uri()), bodies.prefill(prompt.members(), !nccl));
        if (early) {
            answer(decode, AnswerLeg.Kind.DECODE, id, bodies.decode(prompt.members(), promised(prefill, id)));
        }
    }

    /// What prefill will say: a worker that streams its pages has announced it.
    private static byte[] promised(Place prefill, String id) {
        WorkerAnnouncement said = prefill.worker().announcement.orElseThrow();
        return PullFromPrefill.early(said.engineId(), id, said.kvAddress().orElseThrow())
                .toJson();
    }

    private void answer(Place worker, AnswerLeg.Kind kind, String id, Buffer body) {
        answer(worker, kind, options(worker.address(), id, head.uri()), body);
    }

    private void answer(Place worker, AnswerLeg.Kind kind, RequestOptions options, Buffer body) {
        AnswerLeg next = new AnswerLeg(state, worker, kind, this);
        leg = next;
        next.send(loop.client(), options, body);
    }

    private RequestOptions options(HostPort worker, String id, String uri) {
        return new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(worker.host())
                .setPort(worker.port())
                .setURI(uri)
                .setHeaders(ForwardedHeaders.toWorker(request.headers(), id, head.id()));
    }

    @Override
    public void prefilled(PrefillHop done, PrefillAnswer answer, double seconds) {
        hop = null;
        prefillEndNanos = state.clock.nanos();
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
            answer(decode, AnswerLeg.Kind.DECODE, done.id(), body);
        }
    }

    /// Another pair, or the decode worker alone. One that was only slow is not asked again: no more time is lost.
    @Override
    public void prefillFailed(PrefillHop failed, UpstreamFailure failure, String why) {
        hop = null;
        state.metrics.upstreamFailed(failed.worker(), failure);
        state.pool.requestFailed(failed.worker(), failure, why);
        if (begun() || (waiting == null && leg == null)) {
            return;
        }
        tried.add(failed.worker());
        if (!failure.mayRetry()) {
            pairs = MAX_PAIRS;
        }
        state.metrics.recovered("prefill");
        closeHop();
        if (leg != null) {
            leg.close();
            leg = null;
            relay = null;
        }
        go();
    }

    /// Where decode was asked at the same time, it says the same.
    @Override
    public void prefillRefused(HttpClientResponse answer, Buffer body) {
        hop = null;
        if (waiting != null) {
            closeHop();
            refusedBytes = body.length();
            new ClientAnswer(request.response(), answer, () -> {}, () -> {}).end(body);
            outcome.answered(answer.statusCode());
        }
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
            return relay;
        }
        boolean transferFailed = from.kind() == AnswerLeg.Kind.DECODE && status >= SERVERS_FAULT;
        if (transferFailed || (status == UNAVAILABLE && !retried && hasOther(from.worker()))) {
            from.failed(UpstreamFailure.REFUSED, "it answered " + status);
            return null;
        }
        relay = relayFor(from, answer);
        return relay;
    }

    private boolean hasOther(HostPort worker) {
        Set<HostPort> except = new HashSet<>(tried);
        except.add(worker);
        return state.pool.hasCandidate(model(), except);
    }

    private Relay relayFor(AnswerLeg from, HttpClientResponse answer) {
        ClientAnswer client = new ClientAnswer(request.response(), answer, this::clientIsSlow, this::clientCaughtUp);
        String type = answer.getHeader(HttpHeaders.CONTENT_TYPE);
        if (type == null || !type.startsWith("text/event-stream")) {
            return new WholeRelay(client, () -> RawConnection.closeNow(request.connection()));
        }
        if (goesOn) {
            transcript = new Transcript(peek.tokenIds() == Named.GIVEN, peek.includeUsage());
            from.canGoElsewhere();
        }
        return new StreamRelay(
                client, state.clock, head.startNanos(), state.metrics, state.modelLabel(peek), transcript);
    }

    @Override
    public void spoke(AnswerLeg from) {
        if (prompt.chunks().bytes() == 0 || !peek.stream()) {
            return;
        }
        state.pool.seen(from.worker(), prompt.chunks());
        long now = state.clock.nanos();
        if (from.kind() == AnswerLeg.Kind.DECODE) {
            double seconds = Math.max(0, now - Math.max(from.startNanos(), prefillEndNanos)) / 1e9;
            state.metrics.handedOver(seconds);
            state.pool.learn(
                    costs -> costs.transferred(costs.tokens(prompt.chunks().bytes()), seconds));
        }
    }

    @Override
    public void ended(AnswerLeg from) {
        leg = null;
        closeHop();
        outcome.answered(request.response().getStatusCode());
    }

    @Override
    public void clientTooSlow() {
        outcome.clientTooSlow();
    }

    @Override
    public void failed(AnswerLeg from, UpstreamFailure failure, String why) {
        leg = null;
        closeHop();
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
        relay = null;
        transcript = null;
        if (from.kind() == AnswerLeg.Kind.DECODE && failure == UpstreamFailure.REFUSED) {
            pairs = MAX_PAIRS; // its pages could not be had: it computes the prompt itself
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
        Transcript soFar = transcript;
        if (soFar == null || !(relay instanceof StreamRelay stream) || !soFar.canContinue()) {
            outcome.failed(failure.exception(lost.address, why, retried));
            return;
        }
        bodies.promptTokens().ifPresent(soFar::hasPrompt);
        if (soFar.onlyLacksItsEnd()) {
            state.metrics.continued("complete");
            stream.end(soFar.end());
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
        stream.continueElsewhere(found.answer());
        RequestOptions options = options(found.worker().address(), head.id(), found.uri());
        answer(found.worker(), AnswerLeg.Kind.RESUMED, options, found.body());
    }

    private void closeHop() {
        if (hop != null) {
            hop.close();
            hop = null;
        }
        if (waiting != null) {
            waiting.release();
            waiting = null;
        }
    }

    private void clientIsSlow() {
        if (leg != null) {
            leg.clientIsSlow();
        }
    }

    private void clientCaughtUp() {
        if (leg != null) {
            leg.clientCaughtUp();
        }
    }
}
