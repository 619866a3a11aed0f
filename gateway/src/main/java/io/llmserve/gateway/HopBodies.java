package io.llmserve.gateway;

import io.llmserve.wire.FieldEdits;
import io.llmserve.wire.JsonMember;
import io.llmserve.wire.KvTransfer;
import io.llmserve.wire.RequestPeek;
import io.llmserve.wire.RequestPeek.Named;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// What each worker of one request is sent: the client's body with as few bytes changed as may be.
final class HopBodies {
    private static final byte[] KEEP = new KvTransfer.KeepForDecode().toJson();

    private final Route route;
    /// As it is sent to the first worker: as it came, if nothing has to be added.
    private final Buffer whole;

    private byte @Nullable [] bytes;

    /// @param resumable the stream may have to go on elsewhere: the worker shall tell its tokens, and the seed is
    /// drawn here, so that another worker draws the same tokens
    HopBodies(Route route, Buffer original, RequestPeek peek, boolean resumable) {
        this.route = route;
        whole = resumable ? Buffer.buffer(resumable(original.getBytes(), peek)) : original;
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
        FieldEdits edits = new FieldEdits()
                .set("max_tokens", "1")
                .set("stream", "false")
                .remove("stream_options")
                .remove("min_tokens")
                .remove("return_token_ids");
        if (route == Route.CHAT_COMPLETIONS) {
            edits.set("max_completion_tokens", "1");
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

    private static byte[] resumable(byte[] body, RequestPeek peek) {
        String seed = Long.toString(ThreadLocalRandom.current().nextLong(Long.MAX_VALUE));
        if (peek.tokenIds() == Named.EMPTY || peek.seed() == Named.EMPTY) {
            FieldEdits edits = new FieldEdits().set("return_token_ids", "true");
            return (peek.seed() == Named.GIVEN ? edits : edits.set("seed", seed)).applyTo(body);
        }
        return FieldEdits.prepend(
                body,
                (peek.tokenIds() == Named.ABSENT ? "\"return_token_ids\":true," : "")
                        + (peek.seed() == Named.ABSENT ? "\"seed\":" + seed + "," : ""));
    }
}
