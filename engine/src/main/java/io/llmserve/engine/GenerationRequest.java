package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.SamplingParameters;

/// @param id unique among live requests; appears in logs
/// @param prompt token ids, at least one; not to be changed afterwards
/// @param resumed the first tokens of the answer where another engine has generated them: limits, penalties, the
/// random numbers and the usage count them, the listener does not hear them; not to be changed afterwards
/// @param cacheSalt prefixes are shared only among requests of the same salt
/// @param priority lower runs first; 0 is normal (vLLM's meaning)
/// @param promptLogprobs how many best alternatives to report per token of the prompt; -1 for none at all
public record GenerationRequest(
        String id,
        int[] prompt,
        int[] resumed,
        SamplingParameters sampling,
        String cacheSalt,
        int priority,
        int promptLogprobs,
        Handover handover) {
    private static final int[] FROM_THE_START = {};

    public GenerationRequest {
        check(prompt.length > 0, "request %s has an empty prompt", id);
        check(
                promptLogprobs >= -1 && promptLogprobs <= SamplingParameters.MAX_LOGPROBS,
                "promptLogprobs must be between -1 and %d, got %d",
                SamplingParameters.MAX_LOGPROBS,
                promptLogprobs);
    }

    /// A request that one engine answers from beginning to end.
    public GenerationRequest(String id, int[] prompt, SamplingParameters sampling, String cacheSalt, int priority) {
        this(id, prompt, FROM_THE_START, sampling, cacheSalt, priority, -1, Handover.NONE);
    }

    public GenerationRequest with(Handover pages) {
        return new GenerationRequest(id, prompt, resumed, sampling, cacheSalt, priority, promptLogprobs, pages);
    }

    public GenerationRequest resumedAfter(int[] tokens) {
        return new GenerationRequest(id, prompt, tokens, sampling, cacheSalt, priority, promptLogprobs, handover);
    }

    /// The same, with the prompt's log-probabilities reported.
    public GenerationRequest scored(int alternatives) {
        return new GenerationRequest(id, prompt, resumed, sampling, cacheSalt, priority, alternatives, handover);
    }
}
