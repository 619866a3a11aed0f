package io.llmserve.worker;

import io.llmserve.core.ServeException;
import io.llmserve.wire.ChoicePart;
import io.llmserve.wire.Usage;
import java.util.List;

/// How an answer reaches its client: in one piece or as it is made. Called on the answer's thread.
sealed interface Answer permits StreamedAnswer, WholeAnswer {
    /// Choices that have something new.
    void progress(List<ChoiceText> choices) throws InterruptedException;

    /// All choices are finished.
    void complete(List<ChoiceText> choices, Usage usage) throws InterruptedException;

    /// No complete answer will come.
    void fail(ServeException failure) throws InterruptedException;

    static List<ChoicePart> parts(List<ChoiceText> choices) {
        return choices.stream().map(ChoiceText::part).toList();
    }
}
