package io.llmserve.worker;

import io.llmserve.core.SamplingParameters;
import io.llmserve.engine.GenerationRequest;
import io.llmserve.wire.AnswerHead;
import io.llmserve.wire.GenerationFields;
import java.util.List;

/// A request that was understood and can be run.
///
/// @param engineId what the ids of its generations begin with
/// @param cacheSalt prefixes are shared among requests of one salt
/// @param seed of the first choice; each further one of a prompt has the next
/// @param arrivalNanos when the request had arrived whole
record Plan(
        AnswerHead head,
        GenerationFields fields,
        List<PlannedPrompt> prompts,
        String engineId,
        String cacheSalt,
        long seed,
        long arrivalNanos) {

    /// @param maxTokens of each of its choices
    record PlannedPrompt(int[] tokenIds, Echo echo, int maxTokens) {}

    /// What an answer says of its prompt, before it goes on.
    ///
    /// @param logprobs alternatives per token of the prompt; -1 for no log-probabilities
    record Echo(String text, int logprobs) {
        static final Echo NONE = new Echo("", -1);

        boolean isScored() {
            return logprobs >= 0;
        }
    }

    /// Choices are numbered prompt by prompt.
    int choiceCount() {
        return prompts.size() * fields.choices();
    }

    PlannedPrompt promptOf(int choice) {
        return prompts.get(choice / fields.choices());
    }

    /// What the engine is asked for a choice.
    GenerationRequest request(int choice) {
        int[] resumed = fields.handover().resumeTokenIds().stream()
                .mapToInt(Integer::intValue)
                .toArray();
        return new GenerationRequest(
                        engineId + "-" + choice,
                        promptOf(choice).tokenIds(),
                        samplingOf(choice),
                        cacheSalt,
                        fields.identity().priority())
                .resumedAfter(resumed)
                .scored(promptOf(choice).echo().logprobs());
    }

    private SamplingParameters samplingOf(int choice) {
        return fields.sampling().parameters(promptOf(choice).maxTokens(), seed + choice % fields.choices());
    }
}
