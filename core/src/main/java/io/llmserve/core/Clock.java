package io.llmserve.core;

import java.time.Instant;

/// Time as an argument: the live system passes [#SYSTEM], simulations pass one that they move.
public interface Clock {
    /// Monotonic nanoseconds from an arbitrary origin; for measuring spans.
    long nanos();

    /// Wall-clock time; for what people and protocols read.
    Instant now();

    Clock SYSTEM = new Clock() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public Instant now() {
            return Instant.now();
        }
    };
}
