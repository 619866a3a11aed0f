package io.llmserve.manifest;

import io.llmserve.manifest.Shape.Member;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// "Did you mean": what a mistyped name or value was probably to be.
final class Suggestion {
    private static final int LONGEST_SHOWN = 60;

    private Suggestion() {}

    /// The message for a field that a record does not have: its fields, the nearest of them, or where the name belongs.
    static String forUnknown(String name, Shape shape) {
        String hint = NearestName.of(name, shape.names())
                .or(() -> elsewhere(name))
                .map(nearest -> "; did you mean " + nearest + "?")
                .orElse("");
        return "unknown field; allowed: %s%s".formatted(String.join(", ", shape.names()), hint);
    }

    /// For a value that is not written as its field wants it.
    static String forValue(Member member, ScalarKind kind, String text) {
        Optional<String> nearest = switch (kind) {
            case CHOICE ->
                NearestName.of(
                        text,
                        Arrays.stream(member.value().getEnumConstants())
                                .map(ScalarKind::spelling)
                                .toList());
            case SIZE -> corrected(text.replace(" ", "").replaceAll("(?i)(k|m|g)(i?b)?$", "$1iB"), kind, member);
            case TIME -> corrected(text.replace(" ", "").replaceAll("(?i)(sec|seconds?)$", "s"), kind, member);
            case TRUTH -> NearestName.of(text, List.of("true", "false"));
            case TEXT, WHOLE_NUMBER -> Optional.empty();
        };
        return nearest.map(value -> "; did you mean " + value + "?").orElse("");
    }

    static String shortened(String text) {
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
    }

    private static Optional<String> corrected(String text, ScalarKind kind, Member member) {
        String unit = text.length() < 3 ? text : text.substring(0, text.length() - 3);
        String upper = kind == ScalarKind.SIZE && text.endsWith("iB")
                ? unit + Character.toUpperCase(text.charAt(text.length() - 3)) + "iB"
                : text;
        return kind.parse(upper, member.value()).map(ScalarKind::write);
    }

    /// The path of a field of this very name in another part of the manifest.
    private static Optional<String> elsewhere(String name) {
        List<String> paths = new ArrayList<>();
        collect(Shape.of(Manifest.class), "", paths);
        return paths.stream().filter(path -> path.endsWith("." + name)).findFirst();
    }

    private static void collect(Shape shape, String prefix, List<String> paths) {
        for (Member member : shape.members()) {
            String path = prefix.isEmpty() ? member.name() : prefix + "." + member.name();
            paths.add(path);
            if (member.group()) {
                collect(Shape.of(member.value()), path, paths);
            }
        }
    }
}
