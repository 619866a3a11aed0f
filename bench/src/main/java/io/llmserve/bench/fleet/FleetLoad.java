package io.llmserve.bench.fleet;

import static io.llmserve.core.Checks.check;

import io.llmserve.routing.PromptChunks;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Requests that come whether or not the fleet keeps up: exponential gaps, prompts and answers of random
/// length (half to one and a half of the mean). Some prompts begin with one of a few prefixes.
///
/// @param longShare of the prompts are long ones
/// @param sharedTokens of a prompt that are one of `prefixes`; 0 where nothing is shared
public record FleetLoad(
        int requests,
        double requestsPerSecond,
        int shortPrompt,
        int longPrompt,
        double longShare,
        int output,
        int sharedTokens,
        int prefixes,
        long seed) {
    static final int BYTES_PER_TOKEN = 4;

    public FleetLoad {
        check(requests > 0 && requestsPerSecond > 0, "a load has requests, got %d", requests);
        check(shortPrompt > 0 && longPrompt >= shortPrompt && output > 0, "prompts and answers have tokens");
        check(longShare >= 0 && longShare <= 1, "longShare must be 0 to 1, got %s", longShare);
        check(sharedTokens >= 0 && prefixes > 0, "there is at least one prefix, got %d", prefixes);
    }

    /// So much more of the same.
    FleetLoad times(int workers) {
        return new FleetLoad(
                requests * workers,
                requestsPerSecond * workers,
                shortPrompt,
                longPrompt,
                longShare,
                output,
                sharedTokens,
                prefixes,
                seed);
    }

    /// In the order in which they come.
    List<SimulatedRequest> arrivals() {
        SplittableRandom random = new SplittableRandom(seed);
        List<SimulatedRequest> all = new ArrayList<>(requests);
        double time = 0;
        for (int id = 0; id < requests; id++) {
            time += -Math.log(1 - random.nextDouble()) / requestsPerSecond;
            int mean = random.nextDouble() < longShare ? longPrompt : shortPrompt;
            int prompt = around(mean, random) + sharedTokens;
            int answer = around(output, random);
            all.add(new SimulatedRequest(id, prompt, answer, time, chunks(id, prompt, random.nextInt(prefixes))));
        }
        return all;
    }

    private static int around(int mean, SplittableRandom random) {
        return Math.max(1, (int) (mean * (0.5 + random.nextDouble())));
    }

    /// The shared chunks have the hashes of their prefix, the others some that nobody else has.
    private PromptChunks chunks(int id, int promptTokens, int prefix) {
        long[] hashes = new long[promptTokens * BYTES_PER_TOKEN / PromptChunks.CHUNK_BYTES];
        int shared = sharedTokens * BYTES_PER_TOKEN / PromptChunks.CHUNK_BYTES;
        for (int i = 0; i < hashes.length; i++) {
            long owner = i < shared ? -1L - prefix : id;
            hashes[i] = (owner << 20) | i;
        }
        return new PromptChunks(promptTokens * BYTES_PER_TOKEN, hashes);
    }
}
