package io.llmserve.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A JSON value as a test reads it; what is not there fails the test. For rooms that have no JSON library of their own.
public final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final JsonNode node;

    private Json(JsonNode node) {
        this.node = node;
    }

    public static Json parse(String text) {
        try {
            return new Json(MAPPER.readTree(text));
        } catch (JsonProcessingException notJson) {
            throw new AssertionError("not JSON: " + text, notJson);
        }
    }

    /// The value at a pointer (RFC 6901) such as `/choices/0/text`.
    public Json at(String pointer) {
        JsonNode found = node.at(pointer);
        if (found.isMissingNode()) {
            throw new AssertionError("nothing at %s of %s".formatted(pointer, node));
        }
        return new Json(found);
    }

    /// The value at a pointer; empty where there is none, or null.
    public Optional<Json> find(String pointer) {
        JsonNode found = node.at(pointer);
        return found.isMissingNode() || found.isNull() ? Optional.empty() : Optional.of(new Json(found));
    }

    public String text() {
        if (!node.isTextual()) {
            throw new AssertionError("not a string: " + node);
        }
        return node.textValue();
    }

    public int number() {
        if (!node.isInt()) {
            throw new AssertionError("not an integer: " + node);
        }
        return node.intValue();
    }

    /// The value as it is written.
    @Override
    public String toString() {
        return node.toString();
    }

    /// The elements of a list.
    public List<Json> items() {
        if (!node.isArray()) {
            throw new AssertionError("not a list: " + node);
        }
        List<Json> items = new ArrayList<>();
        node.forEach(item -> items.add(new Json(item)));
        return items;
    }
}
