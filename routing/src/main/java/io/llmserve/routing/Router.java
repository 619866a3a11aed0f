package io.llmserve.routing;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import io.llmserve.routing.Decision.Why;
import java.util.ArrayList;
import java.util.List;

/// Decides per request, and learns from how it went. A prompt stays at the worker that decodes it while too
/// little of it is left to compute, or while all who wait (this request, and the streams that its prefill would
/// slow down) wait less that way. Not thread-safe.
public final class Router {
    private static final int CHUNKS_PER_WORKER = 1 << 16;

    private final Picker prefillPicker;
    private final Picker decodePicker;
    private final SplitOptions options;
    private final PrefixIndex prefixes = new PrefixIndex(CHUNKS_PER_WORKER);
    private final Costs costs = new Costs();

    public Router(Picker prefillPicker, Picker decodePicker, SplitOptions options) {
        this.prefillPicker = prefillPicker;
        this.decodePicker = decodePicker;
        this.options = options;
    }

    /// @param candidates those that are well, have the model and have not failed this request
    /// @param mayPart the request is of a kind that can be split
    public Decision route(PromptChunks prompt, List<Endpoint> candidates, boolean mayPart) {
        if (candidates.isEmpty()) {
            return new Decision.Reject();
        }
        List<Endpoint> decoders = new ArrayList<>(candidates.size());
        for (Endpoint each : candidates) {
            if (each.role().decodes()) {
                decoders.add(each);
            }
        }
        if (decoders.isEmpty()) {
            // Better a prefill worker that answers whole than none.
            return new Decision.Serve(prefillPicker.pick(candidates).address(), Why.UNDIVIDED);
        }
        Endpoint decode = decodePicker.pick(decoders);
        if (decoders.size() == candidates.size() || decode.pageKind().isEmpty()) {
            return new Decision.Serve(decode.address(), Why.UNDIVIDED);
        }
        List<Endpoint> prefillers = prefillersFor(decode, candidates);
        if (prefillers.isEmpty()) {
            return new Decision.Serve(decode.address(), Why.UNDIVIDED);
        }
        return mayPart ? weigh(prompt, prefillers, decode) : new Decision.Serve(decode.address(), Why.WHOLE);
    }

    private static List<Endpoint> prefillersFor(Endpoint decode, List<Endpoint> candidates) {
        return candidates.stream()
                .filter(each -> each.role() == WorkerRole.PREFILL)
                .filter(each -> each.pageKind().equals(decode.pageKind()))
                .toList();
    }

    private Decision weigh(PromptChunks prompt, List<Endpoint> prefillers, Endpoint decode) {
        double left = tokensLeft(decode.address(), prompt);
        if (left < options.shortTokens()) {
            boolean isShort = costs.tokens(prompt.bytes()) < options.shortTokens();
            return new Decision.Serve(decode.address(), isShort ? Why.SHORT_PROMPT : Why.CACHED);
        }
        Endpoint prefill = prefillPicker.pick(prefillers);
        if (left >= options.longTokens()) {
            return new Decision.Split(prefill.address(), decode.address(), Why.LONG_PROMPT);
        }
        double parted = waitParted(tokensLeft(prefill.address(), prompt), left, prefill);
        return parted < waitWhole(left, decode)
                ? new Decision.Split(prefill.address(), decode.address(), Why.CHEAPER_SPLIT)
                : new Decision.Serve(decode.address(), Why.CHEAPER_WHOLE);
    }

    /// Seconds: this request waits for its own prefill and those before it, and each stream there waits for it.
    private double waitWhole(double left, Endpoint decode) {
        double own = costs.prefillSeconds(decode.address(), left);
        double queue = costs.prefillSeconds(decode.address(), decode.prefillingTokens());
        return own * (1 + decode.inFlight()) + (decode.prefillingTokens() > 0 ? queue : 0);
    }

    /// Seconds: nobody but this request waits.
    private double waitParted(double leftAtPrefill, double leftAtDecode, Endpoint prefill) {
        double queue = prefill.prefillingTokens() > 0
                ? costs.prefillSeconds(prefill.address(), prefill.prefillingTokens())
                : 0;
        return queue + costs.prefillSeconds(prefill.address(), leftAtPrefill) + costs.transferSeconds(leftAtDecode);
    }

    /// The worker has the prompt's pages now.
    public void seen(HostPort worker, PromptChunks prompt) {
        prefixes.seen(worker, prompt);
    }

    /// The worker is gone, and its cache with it.
    public void forget(HostPort worker) {
        prefixes.forget(worker);
        costs.forget(worker);
    }

    /// Where to tell what was measured.
    public Costs costs() {
        return costs;
    }

    /// Tokens that the worker would compute for this prompt, by our estimate.
    public double tokensLeft(HostPort worker, PromptChunks prompt) {
        return costs.tokens(prompt.bytes() - prefixes.cachedBytes(worker, prompt));
    }
}
