package io.llmserve.admission;

import io.llmserve.admission.budget.Refusal;

/// What becomes of a request that is offered.
public sealed interface Outcome {
    /// It runs.
    record Admitted(Pass pass) implements Outcome {}

    /// It waits: [Admission#next] or [Admission#dismissed] will have it.
    record Queued(Pass pass) implements Outcome {}

    record Refused(Refusal refusal) implements Outcome {}
}
