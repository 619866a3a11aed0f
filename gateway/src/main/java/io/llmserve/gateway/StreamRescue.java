package io.llmserve.gateway;

import io.llmserve.gateway.SentTokens.Point;
import io.llmserve.routing.PromptChunks;
import io.llmserve.wire.ContinuableRequest;
import io.llmserve.wire.ContinuedAnswer;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Finds out who goes on with a stream whose worker is lost, and what that worker is sent. An embedded one goes on
/// exactly
/// as the lost one would have. Any other is told prompt and answer so far as tokens, which is exact where it picks the
/// likeliest token each time; where tokens have come whose text has not, it has to generate those again. Owned by one
/// event loop.
final class StreamRescue {
    /// @param uri what is asked of the worker
    /// @param answer reads what it says; empty where that can be passed on as it is
    record Way(Place worker, String uri, Buffer body, Optional<ContinuedAnswer> answer) {}

    private record Asked(String uri, Buffer body, Optional<ContinuedAnswer> answer) {}

    private final GatewayState state;
    private final RequestHead head;
    private final HopBodies bodies;
    private final String model;
    private int times;
    private boolean embeddedOnly = true;
    private boolean lostEmbedded;

    StreamRescue(GatewayState state, RequestHead head, HopBodies bodies, String model) {
        this.state = state;
        this.head = head;
        this.bodies = bodies;
        this.model = model;
    }

    int times() {
        return times;
    }

    /// Takes the place of the worker that goes on; empty where nobody can.
    Optional<Way> find(Transcript soFar, PromptChunks prompt, KnownWorker lost) {
        boolean embedded = lost.engine().equals(Optional.of(Engine.EMBEDDED));
        embeddedOnly &= embedded;
        lostEmbedded = embedded;
        if (times >= state.options.hops().continuations()) {
            return Optional.empty();
        }
        for (Engine engine : embedded ? List.of(Engine.EMBEDDED, Engine.VLLM) : List.of(Engine.VLLM, Engine.EMBEDDED)) {
            Optional<Asked> asked = asked(soFar, engine);
            if (asked.isPresent()) {
                Ask ask = new Ask(model, prompt, false, Optional.of(engine), Set.of(lost.address));
                if (state.pool.place(ask) instanceof Placement.Whole(Place worker, var _)) {
                    times++;
                    return Optional.of(new Way(
                            worker,
                            asked.get().uri(),
                            asked.get().body(),
                            asked.get().answer()));
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Asked> asked(Transcript soFar, Engine engine) {
        if (engine == Engine.EMBEDDED && embeddedOnly) {
            return Optional.of(resumed(soFar));
        }
        Optional<ContinuableRequest> request =
                ContinuableRequest.of(head.route().shape(), bodies.bytes());
        if (request.isEmpty() || !soFar.isTextOnly()) {
            return Optional.empty();
        }
        if (request.get().longestStop() == 0 && engine == Engine.EMBEDDED) {
            return Optional.of(resumed(soFar));
        }
        if (request.get().longestStop() > 0 && lostEmbedded) {
            soFar.sent().forgetText(); // it holds back less than vLLM, and does not tell how much
        }
        return followed(soFar, request.get());
    }

    private Asked resumed(Transcript soFar) {
        return new Asked(head.uri(), bodies.resumed(soFar.sent().ids()), Optional.empty());
    }

    /// A sampled answer can go on so only where nothing has to be generated again.
    private Optional<Asked> followed(Transcript soFar, ContinuableRequest request) {
        int[] prompt = soFar.promptTokens();
        int limit = request.maxTokens().orElse(state.pool.contextLength(model) - prompt.length);
        Point point = point(soFar.sent(), request, limit);
        boolean exact = request.greedy() || point.isAtTheEnd();
        if (prompt.length == 0 || point.before().length >= limit || !exact) {
            return Optional.empty();
        }
        byte[] body = request.following(bodies.bytes(), prompt, point.before(), limit);
        ContinuedAnswer answer =
                new ContinuedAnswer(request.shape(), point.before().length, point.behind(), point.charactersAhead());
        Route route = head.route() == Route.GENERATE ? Route.GENERATE : Route.COMPLETIONS;
        return Optional.of(new Asked(route.path(), Buffer.buffer(body), Optional.of(answer)));
    }

    private static Point point(SentTokens sent, ContinuableRequest request, int limit) {
        return switch (request.shape()) {
            case TOKENS -> sent.withoutText();
            case CHAT, TEXT -> sent.goOn(request.heldBack(), request.seam(), limit);
        };
    }
}
