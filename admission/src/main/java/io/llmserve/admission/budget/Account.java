package io.llmserve.admission.budget;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;

/// The books of one tenant, or of all together. Takes nothing unless all of it is there.
final class Account {
    /// Of a window that was not limited when something was taken.
    static final long NO_SLOT = -1;
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final double FORGET = 0.1;

    private final String who;
    private Limits limits;
    /// By the order of [Resource#LEVELS].
    private final long[] held = new long[Resource.LEVELS.size()];
    private final EnumMap<Resource, SlidingWindow> windows = new EnumMap<>(Resource.class);
    /// How long a request stays, on average; what a level says about when to come back.
    private double stayNanos = SECOND;

    Account(String who, Limits limits) {
        this.who = who;
        this.limits = Limits.NONE;
        limit(limits);
    }

    /// From now on. What is held stays held.
    void limit(Limits now) {
        if (now.equals(limits)) {
            return;
        }
        limits = now;
        for (Resource rate : Resource.RATES) {
            SlidingWindow window = windows.get(rate);
            if (window != null) {
                window.limit(limits.of(rate));
            } else if (limits.has(rate)) {
                windows.put(
                        rate, new SlidingWindow(limits.of(rate), rate.window().toNanos(), rate.slots()));
            }
        }
    }

    /// Why so much can't be taken; empty if it can.
    Optional<Refusal> lack(List<Resource> resources, Amount amount, int more, long now) {
        for (Resource resource : resources) {
            long asked = amount.of(resource, more);
            long limit = limits.of(resource);
            long used = used(resource, now);
            if (asked > 0 && asked > limit - used) {
                return Optional.of(Refusal.of(resource, who, used, asked, limit, retryNanos(resource, asked, now)));
            }
        }
        return Optional.empty();
    }

    /// Whether it could never be held, if nothing else were.
    Optional<Refusal> tooLarge(Amount amount) {
        for (Resource level : Resource.LEVELS) {
            long asked = amount.of(level, 1);
            if (asked > limits.of(level)) {
                return Optional.of(Refusal.of(level, who, 0, asked, limits.of(level), 0));
            }
        }
        return Optional.empty();
    }

    long used(Resource resource, long now) {
        if (resource.slots() == 0) {
            return held[Resource.LEVELS.indexOf(resource)];
        }
        SlidingWindow window = windows.get(resource);
        return window == null ? 0 : window.taken(now);
    }

    private long retryNanos(Resource resource, long asked, long now) {
        SlidingWindow window = windows.get(resource);
        if (window != null) {
            return window.nanosUntil(asked, now);
        }
        return Math.max(SECOND, nanosPerEnd());
    }

    long nanosPerEnd() {
        return (long) (stayNanos / Math.max(1, requests()));
    }

    void hold(Amount amount, int more) {
        for (int i = 0; i < held.length; i++) {
            held[i] += amount.of(Resource.LEVELS.get(i), more);
        }
    }

    void letGo(Amount amount, int fewer) {
        for (int i = 0; i < held.length; i++) {
            held[i] -= amount.of(Resource.LEVELS.get(i), fewer);
            if (held[i] < 0) {
                throw new IllegalStateException("%s have let go more %s than they held"
                        .formatted(who, Resource.LEVELS.get(i).words()));
            }
        }
    }

    private long requests() {
        return held[Resource.LEVELS.indexOf(Resource.CONCURRENCY)];
    }

    void stayed(long nanos) {
        stayNanos += FORGET * (nanos - stayNanos);
    }

    /// By the order of [Resource#RATES]: the slots from which it was taken.
    long[] take(Amount amount, int more, long now) {
        long[] slots = new long[Resource.RATES.size()];
        for (int i = 0; i < slots.length; i++) {
            Resource rate = Resource.RATES.get(i);
            SlidingWindow window = windows.get(rate);
            slots[i] = window == null ? NO_SLOT : window.take(amount.of(rate, more), now);
        }
        return slots;
    }

    void giveBack(Amount amount, int fewer, long[] slots, long now) {
        for (int i = 0; i < slots.length; i++) {
            Resource rate = Resource.RATES.get(i);
            SlidingWindow window = windows.get(rate);
            if (window != null && slots[i] != NO_SLOT) {
                window.giveBack(amount.of(rate, fewer), slots[i], now);
            }
        }
    }

    RateLimits rates(long now) {
        return new RateLimits(
                tighter(Resource.REQUESTS_PER_MINUTE, Resource.REQUESTS_PER_DAY, now),
                tighter(Resource.TOKENS_PER_MINUTE, Resource.TOKENS_PER_DAY, now));
    }

    /// Of two windows the one of which less is left.
    private Optional<RateLimits.Rate> tighter(Resource minute, Resource day, long now) {
        Optional<RateLimits.Rate> minutes = rate(minute, now);
        Optional<RateLimits.Rate> days = rate(day, now);
        boolean takeDay = days.isPresent()
                && (minutes.isEmpty() || days.get().remaining() < minutes.get().remaining());
        return takeDay ? days : minutes;
    }

    private Optional<RateLimits.Rate> rate(Resource resource, long now) {
        SlidingWindow window = windows.get(resource);
        if (window == null || !limits.has(resource)) {
            return Optional.empty();
        }
        return Optional.of(new RateLimits.Rate(
                window.limit(), Math.max(0, window.left(now)), Duration.ofNanos(window.nanosUntilEmpty(now))));
    }

    /// Nothing would be forgotten with it.
    boolean isBlank(long now) {
        return requests() == 0 && windows.values().stream().allMatch(window -> window.taken(now) == 0);
    }
}
