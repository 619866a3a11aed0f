package io.llmserve.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.function.ObjIntConsumer;

/// How often each token occurred in a sequence, for penalties: in the answer, and whether at all in prompt or
/// answer.
final class TokenCounts {
    /// Token id to occurrences in the answer; 0 for those of the prompt alone.
    private final Map<Integer, Integer> answers = new HashMap<>();

    void addPrompt(int[] prompt) {
        for (int token : prompt) {
            answers.putIfAbsent(token, 0);
        }
    }

    void addAnswer(int token) {
        answers.merge(token, 1, Integer::sum);
    }

    /// Each token of prompt or answer with its occurrences in the answer.
    void forEach(ObjIntConsumer<Integer> visitor) {
        answers.forEach(visitor::accept);
    }
}
