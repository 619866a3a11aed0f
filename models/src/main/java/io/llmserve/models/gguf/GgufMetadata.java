package io.llmserve.models.gguf;

import static io.llmserve.models.ModelFileFailure.damaged;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The metadata of a GGUF file. A getter fails with CORRUPT when the value is of another kind or out of its range.
final class GgufMetadata {
    private final Path file;
    private final Map<String, GgufValue> values;
    private final byte[] front;

    /// @param front the file's bytes that sequences point into
    GgufMetadata(Path file, Map<String, GgufValue> values, byte[] front) {
        this.file = file;
        this.values = Map.copyOf(values);
        this.front = front;
    }

    Optional<String> text(String key) {
        return switch (values.get(key)) {
            case null -> Optional.empty();
            case GgufValue.Text text -> Optional.of(text.value());
            case GgufValue other -> throw wrongKind(key, "a string", other);
        };
    }

    /// A count or an id, 0 to 2^31 - 1. A sequence of equal values counts as one (some converters write one per layer).
    Optional<Integer> count(String key) {
        return switch (values.get(key)) {
            case null -> Optional.empty();
            case GgufValue.Whole whole -> Optional.of(inRange(key, whole.value()));
            case GgufValue.Sequence sequence -> Optional.of(equalValues(key, sequence));
            case GgufValue other -> throw wrongKind(key, "an integer", other);
        };
    }

    int requiredCount(String key) {
        return count(key).orElseThrow(() -> missing(key));
    }

    Optional<Float> real(String key) {
        return switch (values.get(key)) {
            case null -> Optional.empty();
            case GgufValue.Real real -> Optional.of((float) real.value());
            case GgufValue.Whole whole -> Optional.of((float) whole.value());
            case GgufValue other -> throw wrongKind(key, "a number", other);
        };
    }

    boolean flag(String key, boolean otherwise) {
        return switch (values.get(key)) {
            case null -> otherwise;
            case GgufValue.Flag flag -> flag.value();
            case GgufValue other -> throw wrongKind(key, "a flag", other);
        };
    }

    List<String> texts(String key) {
        GgufValue.@Nullable Sequence sequence = sequence(key, GgufValueType.STRING);
        if (sequence == null) {
            return List.of();
        }
        String[] texts = new String[sequence.count()];
        int at = sequence.start();
        for (int i = 0; i < texts.length; i++) {
            int length = GgufCursor.int32(front, at);
            texts[i] = new String(front, at + 8, length, StandardCharsets.UTF_8);
            at += 8 + length;
        }
        return List.of(texts);
    }

    int[] integers(String key) {
        GgufValue.@Nullable Sequence sequence = sequence(key, GgufValueType.INT32);
        int[] integers = new int[sequence == null ? 0 : sequence.count()];
        for (int i = 0; sequence != null && i < integers.length; i++) {
            integers[i] = GgufCursor.int32(front, sequence.start() + 4 * i);
        }
        return integers;
    }

    float[] reals(String key) {
        GgufValue.@Nullable Sequence sequence = sequence(key, GgufValueType.FLOAT32);
        float[] reals = new float[sequence == null ? 0 : sequence.count()];
        for (int i = 0; sequence != null && i < reals.length; i++) {
            reals[i] = Float.intBitsToFloat(GgufCursor.int32(front, sequence.start() + 4 * i));
        }
        return reals;
    }

    private GgufValue.@Nullable Sequence sequence(String key, GgufValueType element) {
        return switch (values.get(key)) {
            case null -> null;
            case GgufValue.Sequence sequence when sequence.element() == element -> sequence;
            case GgufValue other -> throw wrongKind(key, "a list of " + element, other);
        };
    }

    private int equalValues(String key, GgufValue.Sequence sequence) {
        boolean integers = sequence.element() == GgufValueType.INT32 || sequence.element() == GgufValueType.UINT32;
        if (!integers || sequence.count() == 0) {
            throw wrongKind(key, "an integer", sequence);
        }
        List<Integer> distinct = new ArrayList<>();
        for (int i = 0; i < sequence.count() && distinct.size() < 2; i++) {
            int value = GgufCursor.int32(front, sequence.start() + 4 * i);
            if (!distinct.contains(value)) {
                distinct.add(value);
            }
        }
        if (distinct.size() > 1) {
            throw damaged(file, "%s differs from layer to layer (%s ...), which is not supported", key, distinct);
        }
        return inRange(key, distinct.getFirst());
    }

    private int inRange(String key, long value) {
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw damaged(file, "%s is %s, allowed is 0 to %d", key, Long.toUnsignedString(value), Integer.MAX_VALUE);
        }
        return (int) value;
    }

    private RuntimeException missing(String key) {
        return damaged(file, "metadata has no %s", key);
    }

    private RuntimeException wrongKind(String key, String expected, GgufValue found) {
        String kind = switch (found) {
            case GgufValue.Whole whole -> "the integer " + whole.value();
            case GgufValue.Real real -> "the number " + real.value();
            case GgufValue.Flag flag -> "the flag " + flag.value();
            case GgufValue.Text text -> "a string of " + text.value().length() + " characters";
            case GgufValue.Sequence sequence -> "a list of " + sequence.count() + " " + sequence.element();
        };
        return damaged(file, "%s must be %s, found %s", key, expected, kind);
    }
}
