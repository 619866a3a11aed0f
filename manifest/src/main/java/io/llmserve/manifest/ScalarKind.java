package io.llmserve.manifest;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The kinds of single values a manifest may hold, and how each is written.
enum ScalarKind {
    TEXT("text"),
    WHOLE_NUMBER("a whole number"),
    TRUTH("true or false"),
    SIZE("a size with a unit B, KiB, MiB or GiB, such as 512MiB"),
    TIME("a time with a unit ms, s, m or h, such as 30s"),
    CHOICE("a choice");

    private static final Pattern SIZE_TEXT = Pattern.compile("(\\d{1,12})(B|KiB|MiB|GiB)");
    private static final Pattern TIME_TEXT = Pattern.compile("(\\d{1,9})(ms|s|m|h)");
    private static final Pattern WHOLE_NUMBER_TEXT = Pattern.compile("-?(0|[1-9]\\d{0,9})");

    private final String words;

    ScalarKind(String words) {
        this.words = words;
    }

    /// The kind of values of a component of this type; none for records and lists.
    static Optional<ScalarKind> of(Class<?> type) {
        if (type.isEnum()) {
            return Optional.of(CHOICE);
        }
        return Arrays.stream(values())
                .filter(kind -> kind.type() == (type == Integer.class ? int.class : type))
                .findFirst();
    }

    Class<?> type() {
        return switch (this) {
            case TEXT -> String.class;
            case WHOLE_NUMBER -> int.class;
            case TRUTH -> boolean.class;
            case SIZE -> ByteSize.class;
            case TIME -> Duration.class;
            case CHOICE -> Enum.class;
        };
    }

    /// The regular expression of what may be written; empty for any text.
    String pattern() {
        return switch (this) {
            case SIZE -> SIZE_TEXT.pattern();
            case TIME -> TIME_TEXT.pattern();
            case TEXT, WHOLE_NUMBER, TRUTH, CHOICE -> "";
        };
    }

    /// What may be written, in words that follow "allowed: ".
    String allowed(Class<?> type) {
        return this == CHOICE ? choices(type) : words;
    }

    /// The value of `text` as a value of `type`; empty when it is not written as this kind is.
    Optional<Object> parse(String text, Class<?> type) {
        return switch (this) {
            case TEXT -> Optional.of(text);
            case WHOLE_NUMBER -> wholeNumber(text);
            case TRUTH ->
                text.equals("true") || text.equals("false") ? Optional.of(text.equals("true")) : Optional.empty();
            case SIZE -> size(text);
            case TIME -> time(text);
            case CHOICE ->
                Arrays.stream(type.getEnumConstants())
                        .filter(constant -> spelling(constant).equals(text))
                        .findFirst()
                        .map(constant -> constant);
        };
    }

    /// The form that [#parse] reads back.
    static String write(Object value) {
        return switch (value) {
            case Duration time -> writeTime(time);
            case Enum<?> choice -> spelling(choice);
            default -> value.toString();
        };
    }

    static String choices(Class<?> type) {
        return Arrays.stream(type.getEnumConstants()).map(ScalarKind::spelling).collect(Collectors.joining(", "));
    }

    /// Choices are written in lower case, except names such as `LLMServe` that say otherwise in their `toString`.
    static String spelling(Object constant) {
        String shown = constant.toString();
        return shown.equals(((Enum<?>) constant).name()) ? shown.toLowerCase(Locale.ROOT) : shown;
    }

    private static Optional<Object> wholeNumber(String text) {
        if (!WHOLE_NUMBER_TEXT.matcher(text).matches()) {
            return Optional.empty();
        }
        long value = Long.parseLong(text);
        return (int) value == value ? Optional.of((int) value) : Optional.empty();
    }

    private static Optional<Object> size(String text) {
        Matcher parts = SIZE_TEXT.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        long unit = switch (parts.group(2)) {
            case "KiB" -> ByteSize.KIB;
            case "MiB" -> ByteSize.MIB;
            case "GiB" -> ByteSize.GIB;
            default -> 1;
        };
        long amount = Long.parseLong(parts.group(1));
        return amount > Long.MAX_VALUE / unit ? Optional.empty() : Optional.of(new ByteSize(amount * unit));
    }

    private static Optional<Object> time(String text) {
        Matcher parts = TIME_TEXT.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        long amount = Long.parseLong(parts.group(1));
        return Optional.of(
                switch (parts.group(2)) {
                    case "ms" -> Duration.ofMillis(amount);
                    case "s" -> Duration.ofSeconds(amount);
                    case "m" -> Duration.ofMinutes(amount);
                    default -> Duration.ofHours(amount);
                });
    }

    private static String writeTime(Duration time) {
        long millis = time.toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        return millis % 60_000 == 0 && millis > 0 ? millis / 60_000 + "m" : millis / 1000 + "s";
    }
}
