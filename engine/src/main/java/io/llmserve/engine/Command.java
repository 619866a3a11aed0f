package io.llmserve.engine;

import java.util.concurrent.CountDownLatch;

/// What other threads ask of the step thread.
sealed interface Command {
    record Submit(ActiveGeneration generation) implements Command {}

    record Cancel(ActiveGeneration generation) implements Command {}

    /// A prompt that is offered may be free.
    record Settle(PromptExport export) implements Command {}

    record ImportClosed(PromptImport.Closed closed) implements Command {}

    /// @param done counted down when nothing is left
    record Drain(long deadlineNanos, CountDownLatch done) implements Command {}

    record WarmUp(long limitNanos, CountDownLatch done) implements Command {}

    record Stop() implements Command {}
}
