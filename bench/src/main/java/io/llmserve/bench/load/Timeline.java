package io.llmserve.bench.load;

import io.llmserve.core.Clock;
import java.util.concurrent.locks.LockSupport;

/// A clock that one can wait on.
public interface Timeline {
    long nanos();

    void sleepUntil(long nanos);

    Timeline SYSTEM = new Timeline() {
        @Override
        public long nanos() {
            return Clock.SYSTEM.nanos();
        }

        @Override
        public void sleepUntil(long nanos) {
            for (long left = nanos - nanos();
                    left > 0 && !Thread.currentThread().isInterrupted(); ) {
                LockSupport.parkNanos(left);
                left = nanos - nanos();
            }
        }
    };
}
