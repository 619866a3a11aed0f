package io.llmserve.bench.load;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.util.List;
import java.util.regex.Pattern;

/// A kind of request by its size in tokens, and its share of the traffic.
///
/// @param weight relative to the other shapes of the mix
public record Shape(String name, double weight, int promptTokens, int outputTokens) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*");

    /// The shapes that need no numbers: a long prompt with a short answer (reading), and the other way round
    /// (talking).
    static final List<Shape> NAMED = List.of(new Shape("long", 1, 1024, 64), new Shape("short", 1, 64, 128));

    public Shape {
        check(NAME.matcher(name).matches(), "a shape's name is letters, digits, - and _, got '%s'", name);
        check(weight > 0 && Double.isFinite(weight), "weight of %s must be positive, got %s", name, weight);
        check(promptTokens >= 1, "prompt tokens of %s must be at least 1, got %d", name, promptTokens);
        check(outputTokens >= 1, "output tokens of %s must be at least 1, got %d", name, outputTokens);
    }

    /// Reads `long:30`, `short`, or `name:weight:promptTokens:outputTokens`.
    public static Shape parse(String text) {
        String[] parts = text.split(":", -1);
        try {
            if (parts.length == 4) {
                return new Shape(
                        parts[0], Double.parseDouble(parts[1]), Integer.parseInt(parts[2]), Integer.parseInt(parts[3]));
            }
            if (parts.length <= 2) {
                return named(parts[0], parts.length == 1 ? 1 : Double.parseDouble(parts[1]));
            }
        } catch (IllegalArgumentException wrong) {
            throw refused(text, String.valueOf(wrong.getMessage()));
        }
        throw refused(text, "found %d parts".formatted(parts.length));
    }

    private static Shape named(String name, double weight) {
        return NAMED.stream()
                .filter(shape -> shape.name.equals(name))
                .findFirst()
                .map(shape -> new Shape(name, weight, shape.promptTokens, shape.outputTokens))
                .orElseThrow(() -> refused(name, "no shape has this name"));
    }

    private static ServeException refused(String text, String why) {
        return new ServeException(
                Failure.CONFIGURATION,
                "'%s' is no shape (%s); write long:WEIGHT, short:WEIGHT or NAME:WEIGHT:PROMPT_TOKENS:OUTPUT_TOKENS"
                        .formatted(text, why));
    }
}
