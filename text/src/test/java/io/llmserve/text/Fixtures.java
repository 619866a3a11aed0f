package io.llmserve.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.stream.StreamSupport;

/// Reads the files beside the tests.
final class Fixtures {
    private static final JsonMapper MAPPER = new JsonMapper();

    private Fixtures() {}

    static InputStream open(String name) {
        return Objects.requireNonNull(Fixtures.class.getResourceAsStream(name), name);
    }

    static JsonNode json(String name) {
        try (InputStream in = open(name)) {
            return MAPPER.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int[] ids(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
