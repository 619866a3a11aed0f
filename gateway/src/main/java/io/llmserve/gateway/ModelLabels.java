package io.llmserve.gateway;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// The metric label of a model, bounded: a name that no worker knows is `unknown`, and beyond a number of names
/// all further ones are `other`. Any thread may call.
final class ModelLabels {
    static final String UNKNOWN = "unknown";
    static final String OTHER = "other";

    private final Set<String> names = ConcurrentHashMap.newKeySet();
    private final Predicate<String> known;
    private final int maxNames;

    ModelLabels(Predicate<String> known, int maxNames) {
        this.known = known;
        this.maxNames = maxNames;
    }

    String of(String model) {
        if (names.contains(model)) {
            return model;
        }
        if (!known.test(model)) {
            return UNKNOWN;
        }
        synchronized (names) {
            if (names.size() < maxNames) {
                names.add(model);
            }
        }
        return names.contains(model) ? model : OTHER;
    }
}
