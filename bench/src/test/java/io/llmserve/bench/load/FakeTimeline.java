package io.llmserve.bench.load;

/// Time that jumps to where one waits for.
final class FakeTimeline implements Timeline {
    private long now = 5_000_000_000L;

    @Override
    public long nanos() {
        return now;
    }

    @Override
    public void sleepUntil(long nanos) {
        now = Math.max(now, nanos);
    }
}
