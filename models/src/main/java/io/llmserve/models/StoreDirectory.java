package io.llmserve.models;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Where models lie on this machine.
final class StoreDirectory {
    private StoreDirectory() {}

    static Path of(Map<String, String> environment) {
        return set(environment, "LLMSERVE_HOME")
                .or(() -> set(environment, "XDG_CACHE_HOME").map(cache -> cache.resolve("llmserve")))
                .orElseGet(() -> set(environment, "HOME")
                        .orElse(Path.of(System.getProperty("user.home", ".")))
                        .resolve(".cache")
                        .resolve("llmserve"))
                .resolve("models");
    }

    private static Optional<Path> set(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .filter(value -> !value.isBlank())
                .map(Path::of);
    }
}
