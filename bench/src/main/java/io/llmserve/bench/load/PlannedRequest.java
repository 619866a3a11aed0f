package io.llmserve.bench.load;

/// The request number `index` of a plan.
///
/// @param offsetNanos since the start, when it is due; 0 in a closed loop, where an answer's end makes it due
public record PlannedRequest(int index, Shape shape, long offsetNanos) {}
