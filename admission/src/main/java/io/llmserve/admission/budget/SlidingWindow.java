package io.llmserve.admission.budget;

import static io.llmserve.core.Checks.check;

import java.util.Arrays;

/// How much was taken within a window that slides: in no span of its length is it ever more than the limit. A token
/// bucket or GCRA of the same rate lets nearly twice the limit through within one window, and a fixed window twice.
///
/// Time is cut into slots, and a slot is forgotten as a whole, when its last moment is out of the window. So nothing is
/// forgotten too early, and something at most a slot too late; memory and time are constant. Nanoseconds, never
/// going back.
final class SlidingWindow {
    private long limit;
    private final long slotNanos;
    /// The slot of now and those before it that touch the window; slot `s` is at `s % taken.length`.
    private final long[] taken;
    private long slot;
    private long sum;

    SlidingWindow(long limit, long windowNanos, int slots) {
        check(windowNanos % slots == 0, "a window of %d ns has no %d slots", windowNanos, slots);
        this.limit = limit;
        this.slotNanos = windowNanos / slots;
        this.taken = new long[slots + 1];
    }

    long limit() {
        return limit;
    }

    void limit(long most) {
        limit = most;
    }

    long taken(long now) {
        advance(now);
        return sum;
    }

    long left(long now) {
        advance(now);
        return limit - sum;
    }

    /// There must be so much left. Returns the slot, for [#giveBack].
    long take(long amount, long now) {
        check(amount <= left(now), "%d of %d are left, not %d", limit - sum, limit, amount);
        taken[index(slot)] += amount;
        sum += amount;
        return slot;
    }

    /// What was taken then was not used. Where it is forgotten already, nothing happens.
    void giveBack(long amount, long takenIn, long now) {
        advance(now);
        if (takenIn > slot - taken.length) {
            taken[index(takenIn)] -= amount;
            sum -= amount;
        }
    }

    /// Until so much is left, if nothing more is taken; never for more than the limit: until all is.
    long nanosUntil(long amount, long now) {
        advance(now);
        long left = limit - sum;
        for (long old = slot - taken.length + 1; old <= slot; old++) {
            if (left >= amount) {
                return nanosUntilForgotten(old - 1, now);
            }
            left += old < 0 ? 0 : taken[index(old)];
        }
        return nanosUntilForgotten(slot, now);
    }

    /// Until nothing of it is remembered.
    long nanosUntilEmpty(long now) {
        advance(now);
        for (long newest = slot; sum > 0 && newest > slot - taken.length; newest--) {
            if (taken[index(newest)] > 0) {
                return nanosUntilForgotten(newest, now);
            }
        }
        return 0;
    }

    private long nanosUntilForgotten(long which, long now) {
        return Math.max(0, (which + taken.length) * slotNanos - now);
    }

    private void advance(long now) {
        long current = now / slotNanos;
        if (current - slot >= taken.length) {
            Arrays.fill(taken, 0);
            sum = 0;
            slot = current;
        }
        while (slot < current) {
            slot++;
            sum -= taken[index(slot)];
            taken[index(slot)] = 0;
        }
    }

    private int index(long which) {
        return (int) (which % taken.length);
    }
}
