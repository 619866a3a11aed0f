package io.llmserve.bench.load;

/// Answers one request after the other in virtual time: first token after `firstMillis` of work, then a token every
/// `tokenMillis`; stalls once for `stallMillis` before the request number `stallAt`.
final class FakeServer implements Target {
    private final long firstNanos;
    private final long tokenNanos;
    private final int stallAt;
    private final long stallNanos;
    private long freeAt;

    FakeServer(long firstMillis, long tokenMillis, int stallAt, long stallMillis) {
        this.firstNanos = firstMillis * 1_000_000;
        this.tokenNanos = tokenMillis * 1_000_000;
        this.stallAt = stallAt;
        this.stallNanos = stallMillis * 1_000_000;
    }

    @Override
    public Outcome send(PlannedRequest request, long scheduledNanos) {
        long begin = Math.max(freeAt, scheduledNanos) + (request.index() == stallAt ? stallNanos : 0);
        long[] chunks = new long[request.shape().outputTokens()];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = begin + firstNanos + i * tokenNanos;
        }
        freeAt = chunks[chunks.length - 1];
        return new Outcome(
                request.shape(),
                new Outcome.Timing(scheduledNanos, chunks, freeAt),
                new Outcome.Usage(request.shape().promptTokens(), 0, chunks.length),
                "");
    }
}
