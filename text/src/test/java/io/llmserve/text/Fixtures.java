package io.llmserve.text;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
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

    static List<Map<String, Object>> messages(JsonNode list) {
        return MAPPER.convertValue(list, new TypeReference<List<Map<String, Object>>>() {});
    }

    static int[] ids(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
