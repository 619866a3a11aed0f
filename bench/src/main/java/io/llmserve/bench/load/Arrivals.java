package io.llmserve.bench.load;

import static io.llmserve.core.Checks.check;

import java.util.random.RandomGenerator;

/// When requests arrive, whatever becomes of those before them (open loop). Rates are requests a second.
public sealed interface Arrivals {
    double perSecond();

    /// Nanoseconds from one arrival to the next.
    long gapNanos(RandomGenerator random);

    /// Independent users: exponential gaps, so that bursts come as they do in life.
    record Poisson(double perSecond) implements Arrivals {
        public Poisson {
            check(perSecond > 0 && perSecond <= 1e6, "rate must be in (0, 1000000], got %s", perSecond);
        }

        @Override
        public long gapNanos(RandomGenerator random) {
            return (long) (-Math.log(1 - random.nextDouble()) / perSecond * 1e9);
        }
    }

    /// A metronome.
    record Constant(double perSecond) implements Arrivals {
        public Constant {
            check(perSecond > 0 && perSecond <= 1e6, "rate must be in (0, 1000000], got %s", perSecond);
        }

        @Override
        public long gapNanos(RandomGenerator random) {
            return (long) (1e9 / perSecond);
        }
    }
}
