package io.llmserve.routing.kv;

import io.llmserve.core.KvMedium;
import java.util.List;
import java.util.function.Supplier;

/// The same for each medium.
record PerMedium<T>(T device, T host, T storage) {
    static <T> PerMedium<T> of(Supplier<T> each) {
        return new PerMedium<>(each.get(), each.get(), each.get());
    }

    T in(KvMedium medium) {
        return switch (medium) {
            case DEVICE -> device;
            case HOST -> host;
            case STORAGE -> storage;
        };
    }

    List<T> all() {
        return List.of(device, host, storage);
    }
}
