package io.llmserve.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// Bodies captured from a running vLLM 0.32.0.
final class Goldens {
    private Goldens() {}

    static byte[] bytes(String name) {
        try (InputStream stream = Goldens.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new AssertionError("no resource " + name);
            }
            return stream.readAllBytes();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    static JsonNode json(byte[] bytes) {
        try {
            return new ObjectMapper().readTree(bytes);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    static JsonNode json(String name) {
        return json(bytes(name));
    }

    /// Fails unless everything in `ours` is in vLLM's `theirs` too, with the same value: we may say less, never
    /// other.
    static void assertWithin(JsonNode ours, JsonNode theirs, String path) {
        if (!ours.isContainerNode()) {
            if (!ours.equals(theirs)) {
                throw new AssertionError("%s is %s, vLLM says %s".formatted(path, ours, theirs));
            }
            return;
        }
        if (ours.isArray() && ours.size() != theirs.size()) {
            throw new AssertionError("%s has %d entries, vLLM's %d".formatted(path, ours.size(), theirs.size()));
        }
        for (int i = 0; i < (ours.isArray() ? ours.size() : 0); i++) {
            assertWithin(ours.get(i), theirs.get(i), path + "[" + i + "]");
        }
        ours.properties()
                .forEach(field ->
                        assertWithin(field.getValue(), theirs.path(field.getKey()), path + "." + field.getKey()));
    }
}
