package io.llmserve.worker;

import io.llmserve.core.ServeException;
import io.llmserve.engine.Handover;
import io.llmserve.wire.KvTransfer;
import io.llmserve.wire.KvTransfer.KeepForDecode;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import io.llmserve.wire.Usage;
import io.llmserve.worker.kv.KvExchange;
import io.llmserve.worker.kv.RemotePrompt;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What `kv_transfer_params` of one request mean here: its prompt's pages are kept for another worker, or fetched
/// from one. Closed when the request has ended.
///
/// @param offeredAs the id of the request, under which its pages are kept; null where they are not
/// @param remote the prompt whose pages are fetched; null where none are
record PageHandover(
        @Nullable KvExchange exchange,
        @Nullable String offeredAs,
        @Nullable RemotePrompt remote) implements AutoCloseable {
    private static final String FIELD = "kv_transfer_params";

    /// Refuses what cannot be meant. A worker that exchanges no pages computes all itself.
    static PageHandover of(Plan plan, String requestId, @Nullable KvExchange exchange) {
        Optional<KvTransfer> asked = plan.fields().handover().kvTransfer();
        if (asked.isEmpty()) {
            return new PageHandover(null, null, null);
        }
        if (plan.prompts().size() > 1) {
            throw ServeException.invalid(
                    FIELD,
                    "%s goes with one prompt, but there are %d."
                            .formatted(FIELD, plan.prompts().size()));
        }
        return switch (asked.get()) {
            case KeepForDecode _ -> keep(plan, requestId, exchange);
            case PullFromPrefill source ->
                new PageHandover(exchange, null, exchange == null ? null : exchange.fetching(source));
        };
    }

    private static PageHandover keep(Plan plan, String requestId, @Nullable KvExchange exchange) {
        if (plan.fields().output().stream()) {
            throw ServeException.invalid(
                    FIELD + ".do_remote_decode",
                    "%s.do_remote_decode goes with stream false: the answer says where the pages are."
                            .formatted(FIELD));
        }
        return new PageHandover(exchange, exchange == null ? null : requestId, null);
    }

    /// Of the first choice; further ones find its pages in the cache.
    Handover ofChoice(int choice) {
        if (choice > 0) {
            return Handover.NONE;
        }
        if (remote != null) {
            return new Handover.Fetch(remote);
        }
        return offeredAs == null ? Handover.NONE : new Handover.Offer(offeredAs);
    }

    /// What the answer says of the pages.
    Optional<KvTransfer> told(Usage usage) {
        return exchange == null || offeredAs == null
                ? Optional.empty()
                : Optional.of(exchange.offered(offeredAs, usage.promptTokens(), usage.cachedTokens()));
    }

    @Override
    public void close() {
        if (remote != null) {
            remote.close();
        }
    }
}
