package io.llmserve.core;

import static io.llmserve.core.Checks.check;

import java.util.List;

/// What a worker published at once.
///
/// @param sequence counts the publisher's batches, from 0
/// @param seconds the publisher's wall clock. With the sequence it names the batch: that of a publisher that
///     has started again differs
public record KvEventBatch(long sequence, double seconds, List<KvEvent> events) {
    public KvEventBatch {
        check(sequence >= 0, "sequence must not be negative, got %d", sequence);
        events = List.copyOf(events);
    }
}
