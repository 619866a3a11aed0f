package io.llmserve.gateway;

import io.llmserve.core.ServeException;
import io.llmserve.wire.FieldEdits;
import io.llmserve.wire.GenerateRequest;
import io.llmserve.wire.JsonMember;
import io.llmserve.wire.KvTransfer;
import io.llmserve.wire.RequestPeek;
import io.llmserve.wire.RequestPeek.Named;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// What each worker of one request is sent: the client's body with as few bytes changed as may be.
final class HopBodies {
    private static final byte[] NO_FIELDS = {'{', '}'};
    private static final byte[] KEEP = new KvTransfer.KeepForDecode().toJson();

    private final Route route;
    /// As it is sent to the first worker: as it came, if nothing has to be added.
    private final Buffer whole;

    private byte @Nullable [] bytes;

    /// @param tenant whose cache salt goes into the body: where vLLM looks for it, and over one that the client wrote
    /// @param goesOn the stream may have to go on elsewhere: the worker shall tell its tokens
    /// @param drawsSeed the seed is drawn here, so that another worker draws the same tokens
    HopBodies(Route route, Buffer original, RequestPeek peek, Tenant tenant, boolean goesOn, boolean drawsSeed) {
        this.route = route;
        Additions additions = new Additions();
        if (route.generates() && !tenant.cacheSalt().isEmpty()) {
            additions.add("cache_salt", peek.cacheSalt(), "\"" + tenant.cacheSalt() + "\"");
        }
        if (goesOn && peek.tokenIds() != Named.GIVEN) {
            additions.add("return_token_ids", peek.tokenIds(), "true");
        }
        if (drawsSeed && peek.seed() != Named.GIVEN) {
            String seed = Long.toString(ThreadLocalRandom.current().nextLong(Long.MAX_VALUE));
            if (route != Route.GENERATE) {
                additions.add("seed", peek.seed(), seed);
            } else {
                byte[] body = original.getBytes();
                additions.edit(
                        "sampling_params", sampling(body, JsonMember.all(body), new FieldEdits().set("seed", seed)));
            }
        }
        whole = additions.applyTo(original);
    }

    Route route() {
        return route;
    }

    /// A copy, made when somebody needs it.
    byte[] bytes() {
        byte[] made = bytes;
        if (made == null) {
            made = whole.getBytes();
            bytes = made;
        }
        return made;
    }

    Buffer whole() {
        return whole;
    }

    /// For prefill: the prompt and one token, which nobody wants.
    Buffer prefill(List<JsonMember> members, boolean withTransfer) {
        FieldEdits edits =
                new FieldEdits().set("stream", "false").remove("stream_options").remove("return_token_ids");
        switch (route) {
            case CHAT_COMPLETIONS -> oneToken(edits).set("max_completion_tokens", "1");
            case GENERATE -> edits.set("sampling_params", sampling(bytes(), members, oneToken(new FieldEdits())));
            default -> oneToken(edits);
        }
        if (withTransfer) {
            edits.set("kv_transfer_params", KEEP);
        }
        return Buffer.buffer(edits.applyTo(bytes(), members));
    }

    /// For decode, with what prefill said.
    Buffer decode(List<JsonMember> members, byte[] transfer) {
        return Buffer.buffer(
                new FieldEdits().set("kv_transfer_params", transfer).applyTo(bytes(), members));
    }

    /// For another worker, behind the tokens that the client has.
    Buffer resumed(int[] sent) {
        return Buffer.buffer(
                new FieldEdits().set("resume_token_ids", sent).remove("echo").applyTo(bytes()));
    }

    /// Where the client sent them as such.
    Optional<int[]> promptTokens() {
        try {
            return route == Route.GENERATE
                    ? Optional.of(GenerateRequest.parse(bytes()).tokenIds())
                    : Optional.empty();
        } catch (ServeException unknownHere) {
            return Optional.empty();
        }
    }

    private static FieldEdits oneToken(FieldEdits edits) {
        return edits.set("max_tokens", "1").remove("min_tokens");
    }

    private static byte[] sampling(byte[] body, List<JsonMember> members, FieldEdits edits) {
        return edits.applyTo(JsonMember.value(body, members, "sampling_params").orElse(NO_FIELDS));
    }

    /// Fields that are added in front of the body, without parsing it, where the client named none of them.
    private static final class Additions {
        private final StringBuilder front = new StringBuilder();
        private final FieldEdits edits = new FieldEdits();
        private boolean edited;

        void add(String name, Named found, String json) {
            if (found == Named.ABSENT) {
                front.append('"').append(name).append("\":").append(json).append(',');
            } else {
                edit(name, json.getBytes(StandardCharsets.UTF_8));
            }
        }

        void edit(String name, byte[] json) {
            edits.set(name, json);
            edited = true;
        }

        Buffer applyTo(Buffer original) {
            if (front.isEmpty() && !edited) {
                return original;
            }
            byte[] body = edited ? edits.applyTo(original.getBytes()) : original.getBytes();
            return Buffer.buffer(front.isEmpty() ? body : FieldEdits.prepend(body, front.toString()));
        }
    }
}
