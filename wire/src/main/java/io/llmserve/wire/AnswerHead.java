package io.llmserve.wire;

/// What every message of one answer repeats.
///
/// @param createdSeconds Unix time
/// @param model the name that the request used
/// @param fingerprint changes when answers to the same request may change
public record AnswerHead(AnswerShape shape, String id, long createdSeconds, String model, String fingerprint) {}
