package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.SamplingParameters;

/// @param id unique among live requests; appears in logs
/// @param prompt token ids, at least one; not to be changed afterwards
/// @param resumed the first tokens of the answer where another engine has generated them: limits, penalties, the
/// random numbers and the usage count them, the listener does not hear them; not to be changed afterwards
/// @param cacheSalt prefixes are shared only among requests of the same salt
/// @param priority lower runs first; 0 is normal (vLLM's meaning)
public record GenerationRequest(
        String id,
        int[] prompt,
        int[] resumed,
        SamplingParameters sampling,
        String cacheSalt,
        int priority,
        Handover handover) {
    private static final int[] FROM_THE_START = {};

    public GenerationRequest {
        check(prompt.length > 0, "request %s has an empty prompt", id);
    }

    /// A request that one engine answers from beginning to end.
    public GenerationRequest(String id, int[] prompt, SamplingParameters sampling, String cacheSalt, int priority) {
        this(id, prompt, FROM_THE_START, sampling, cacheSalt, priority, Handover.NONE);
    }

    public GenerationRequest with(Handover pages) {
        return new GenerationRequest(id, prompt, resumed, sampling, cacheSalt, priority, pages);
    }

    public GenerationRequest resumedAfter(int[] tokens) {
        return new GenerationRequest(id, prompt, tokens, sampling, cacheSalt, priority, handover);
    }
}
