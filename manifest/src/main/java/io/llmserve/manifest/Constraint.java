package io.llmserve.manifest;

import static io.llmserve.core.Checks.check;

import io.llmserve.manifest.Shape.Member;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The limits that [Field] states, checked: by the reader with a place in the file, and by every record for itself.
final class Constraint {
    private Constraint() {}

    /// What is wrong with a single value of a field, in words; empty when nothing is.
    static Optional<String> violation(Member member, ScalarKind kind, Object value) {
        Field field = member.field();
        boolean tooSmall = !field.min().isEmpty() && compare(value, limit(member, kind, field.min())) < 0;
        boolean tooLarge = !field.max().isEmpty() && compare(value, limit(member, kind, field.max())) > 0;
        if (tooSmall || tooLarge) {
            return Optional.of("found %s; allowed: %s".formatted(ScalarKind.write(value), allowed(member, kind)));
        }
        if (!field.pattern().isEmpty() && !value.toString().matches(field.pattern())) {
            return Optional.of("found '%s'; allowed: %s".formatted(value, field.patternWords()));
        }
        return Optional.empty();
    }

    /// What a field may hold, in words that follow "allowed: ".
    static String allowed(Member member, ScalarKind kind) {
        Field field = member.field();
        if (!field.patternWords().isEmpty()) {
            return field.patternWords();
        }
        String words = kind.allowed(member.value());
        if (!field.min().isEmpty() && !field.max().isEmpty()) {
            return words + ", from " + field.min() + " to " + field.max();
        }
        return field.min().isEmpty() ? words : words + ", at least " + field.min();
    }

    /// For the constructors of records: `values` are all components, in order.
    static void checkAll(Class<? extends Record> type, Object... values) {
        List<Member> members = Shape.of(type).members();
        for (int index = 0; index < values.length; index++) {
            Member member = members.get(index);
            Object component = values[index];
            Optional<String> violation = member.scalar()
                    .flatMap(kind -> singles(component)
                            .flatMap(value -> violation(member, kind, value).stream())
                            .findFirst());
            check(violation.isEmpty(), "%s: %s", member.name(), violation.orElse(""));
        }
    }

    private static Stream<?> singles(Object component) {
        return switch (component) {
            case Optional<?> optional -> optional.stream();
            case List<?> list -> list.stream();
            default -> Stream.of(component);
        };
    }

    private static Object limit(Member member, ScalarKind kind, String text) {
        return kind.parse(text, member.value())
                .orElseThrow(() -> new IllegalStateException("limit '%s' of %s".formatted(text, member.name())));
    }

    @SuppressWarnings("unchecked")
    private static int compare(Object value, Object limit) {
        return ((Comparable<Object>) value).compareTo(limit);
    }
}
