package io.llmserve.admission.budget;

import static io.llmserve.core.Checks.check;

import java.util.EnumMap;
import java.util.Map;

/// The most of each resource; what is not named has no limit.
public final class Limits {
    public static final Limits NONE = new Limits(Map.of());

    private final EnumMap<Resource, Long> most = new EnumMap<>(Resource.class);

    private Limits(Map<Resource, Long> most) {
        this.most.putAll(most);
    }

    /// The same, and at most so much of the resource.
    public Limits with(Resource resource, long limit) {
        check(limit >= 0, "the limit of %s must not be negative, got %d", resource.words(), limit);
        EnumMap<Resource, Long> more = new EnumMap<>(most);
        more.put(resource, limit);
        return new Limits(more);
    }

    boolean has(Resource resource) {
        return most.containsKey(resource);
    }

    /// `Long.MAX_VALUE` where there is none.
    public long of(Resource resource) {
        return most.getOrDefault(resource, Long.MAX_VALUE);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Limits that && most.equals(that.most);
    }

    @Override
    public int hashCode() {
        return most.hashCode();
    }

    @Override
    public String toString() {
        return "Limits" + most;
    }
}
