package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

/// What queries look at, and how strongly.
///
/// @param group query heads per key-value head
/// @param scale of the scores, mostly `1 / sqrt(headDimension)`
/// @param window a query sees this many last positions, its own included; 0: all
public record AttentionShape(int group, float scale, int window) {
    public AttentionShape {
        check(group > 0 && window >= 0, "attention needs a group > 0 and a window >= 0, got %d and %d", group, window);
    }

    int firstVisible(int position) {
        return window == 0 ? 0 : Math.max(0, position - window + 1);
    }
}
