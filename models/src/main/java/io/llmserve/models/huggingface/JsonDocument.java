package io.llmserve.models.huggingface;

import static io.llmserve.models.ModelFileFailure.damaged;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llmserve.models.ModelFileFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A JSON object in a file. A getter fails with CORRUPT when a field is of another type or out of its range; `null` is
/// as good as absent.
record JsonDocument(Path file, String place, JsonNode object) {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    static JsonDocument read(Path file, int limitBytes) {
        try {
            long bytes = Files.size(file);
            if (bytes > limitBytes) {
                throw damaged(file, "it has %d bytes, at most %d are allowed", bytes, limitBytes);
            }
            return parse(file, Files.readAllBytes(file));
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(file, e);
        }
    }

    static Optional<JsonDocument> readIfThere(Path file, int limitBytes) {
        return Files.isRegularFile(file) ? Optional.of(read(file, limitBytes)) : Optional.empty();
    }

    static JsonDocument parse(Path file, byte[] bytes) {
        try {
            return object(file, "it", "", MAPPER.readTree(bytes));
        } catch (JsonProcessingException e) {
            throw damaged(file, e, "it is no JSON: %s", e.getOriginalMessage());
        } catch (IOException e) {
            throw damaged(file, e, "it is no JSON: %s", e.getMessage());
        }
    }

    JsonNode at(String field) {
        return object.path(field);
    }

    boolean has(String field) {
        return object.hasNonNull(field);
    }

    Optional<JsonDocument> child(String field) {
        return has(field) ? Optional.of(object(file, place + field, place + field + ".", at(field))) : Optional.empty();
    }

    /// 0 to 2^31 - 1.
    Optional<Integer> count(String field) {
        if (!has(field)) {
            return Optional.empty();
        }
        JsonNode value = at(field);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
            throw wrong(field, "an integer from 0 to " + Integer.MAX_VALUE);
        }
        return Optional.of(value.intValue());
    }

    int requiredCount(String field) {
        return count(field).orElseThrow(() -> missing(field));
    }

    Optional<Float> real(String field) {
        if (!has(field)) {
            return Optional.empty();
        }
        if (!at(field).isNumber()) {
            throw wrong(field, "a number");
        }
        return Optional.of(at(field).floatValue());
    }

    float requiredReal(String field) {
        return real(field).orElseThrow(() -> missing(field));
    }

    Optional<Boolean> flag(String field) {
        if (!has(field)) {
            return Optional.empty();
        }
        if (!at(field).isBoolean()) {
            throw wrong(field, "true or false");
        }
        return Optional.of(at(field).booleanValue());
    }

    Optional<String> text(String field) {
        if (!has(field)) {
            return Optional.empty();
        }
        if (!at(field).isTextual()) {
            throw wrong(field, "a string");
        }
        return Optional.of(at(field).textValue());
    }

    RuntimeException missing(String field) {
        return damaged(file, "it has no %s%s", place, field);
    }

    RuntimeException wrong(String field, String expected) {
        String found = at(field).toString();
        String shown = found.length() > 60 ? found.substring(0, 60) + "..." : found;
        return damaged(file, "%s%s must be %s, found %s", place, field, expected, shown);
    }

    private static JsonDocument object(Path file, String subject, String place, JsonNode node) {
        if (!node.isObject()) {
            throw damaged(file, "%s must be a JSON object, found %s", subject, node.getNodeType());
        }
        return new JsonDocument(file, place, node);
    }
}
