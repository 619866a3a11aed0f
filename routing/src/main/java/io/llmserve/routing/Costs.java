package io.llmserve.routing;

import io.llmserve.core.HostPort;
import java.util.HashMap;
import java.util.Map;

/// What was learned of a fleet: how long prompts take at each worker, how long their pages take from one to
/// another, and how many bytes of a request make a token. Not thread-safe.
public final class Costs {
    /// First guesses, until something was measured: a small model on a few cores.
    private static final double PREFILL_OVERHEAD_SECONDS = 0.005;

    private static final double PREFILL_TOKEN_SECONDS = 1e-3;
    private static final double TRANSFER_OVERHEAD_SECONDS = 0.01;
    private static final double TRANSFER_TOKEN_SECONDS = 5e-5;
    private static final double BYTES_PER_TOKEN = 4;
    private static final double LEARNING_RATE = 0.05;

    private final Map<HostPort, LinearCost> prefill = new HashMap<>();
    /// Of all workers together: what one is thought to take that has not been measured itself.
    private final LinearCost anyPrefill = new LinearCost(PREFILL_OVERHEAD_SECONDS, PREFILL_TOKEN_SECONDS);

    private final LinearCost transfer = new LinearCost(TRANSFER_OVERHEAD_SECONDS, TRANSFER_TOKEN_SECONDS);
    private double bytesPerToken = BYTES_PER_TOKEN;

    /// A worker that had nothing else to prefill took so long.
    public void prefilled(HostPort worker, double computedTokens, double seconds) {
        prefill.computeIfAbsent(
                        worker, unknown -> new LinearCost(anyPrefill.overheadSeconds(), anyPrefill.perTokenSeconds()))
                .measured(computedTokens, seconds);
        anyPrefill.measured(computedTokens, seconds);
    }

    /// From the last page computed at prefill to the first token at decode.
    public void transferred(double tokens, double seconds) {
        transfer.measured(tokens, seconds);
    }

    /// A prompt of so many bytes had so many tokens.
    public void tokenised(int promptBytes, int promptTokens) {
        if (promptBytes > 0 && promptTokens > 0) {
            bytesPerToken += LEARNING_RATE * ((double) promptBytes / promptTokens - bytesPerToken);
        }
    }

    public double tokens(int bytes) {
        return bytes / bytesPerToken;
    }

    public double prefillSeconds(HostPort worker, double tokens) {
        return prefill.getOrDefault(worker, anyPrefill).seconds(tokens);
    }

    public double transferSeconds(double tokens) {
        return transfer.seconds(tokens);
    }

    public void forget(HostPort worker) {
        prefill.remove(worker);
    }
}
