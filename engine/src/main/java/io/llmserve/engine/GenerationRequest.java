package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.SamplingParameters;

/// @param id unique among live requests; appears in logs
/// @param prompt token ids, at least one; not to be changed afterwards
/// @param cacheSalt prefixes are shared only among requests of the same salt
/// @param priority lower runs first; 0 is normal (vLLM's meaning)
public record GenerationRequest(String id, int[] prompt, SamplingParameters sampling, String cacheSalt, int priority) {
    public GenerationRequest {
        check(prompt.length > 0, "request %s has an empty prompt", id);
    }
}
