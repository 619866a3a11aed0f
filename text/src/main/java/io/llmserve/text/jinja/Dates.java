package io.llmserve.text.jinja;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.IsoFields;
import java.util.Locale;

/// Python's `strftime`, in English.
final class Dates {
    private Dates() {}

    static String format(String format, ZonedDateTime time) {
        StringBuilder out = new StringBuilder();
        int next = 0;
        while (next < format.length()) {
            char character = format.charAt(next++);
            if (character != '%' || next == format.length()) {
                out.append(character);
                continue;
            }
            boolean bare = format.charAt(next) == '-' && next + 1 < format.length();
            String field = field(format.charAt(bare ? next + 1 : next), time);
            out.append(bare && field.length() > 1 ? field.replaceFirst("^0+(?=.)", "") : field);
            next += bare ? 2 : 1;
        }
        return out.toString();
    }

    private static String field(char directive, ZonedDateTime time) {
        return switch (directive) {
            case 'a' -> by("EEE", time);
            case 'A' -> by("EEEE", time);
            case 'b', 'h' -> by("MMM", time);
            case 'B' -> by("MMMM", time);
            case 'd' -> by("dd", time);
            case 'e' -> "%2d".formatted(time.getDayOfMonth());
            case 'D' -> by("MM/dd/yy", time);
            case 'F' -> by("yyyy-MM-dd", time);
            case 'H' -> by("HH", time);
            case 'I' -> by("hh", time);
            case 'j' -> by("DDD", time);
            case 'm' -> by("MM", time);
            case 'M' -> by("mm", time);
            case 'p' -> by("a", time);
            case 'S' -> by("ss", time);
            case 'T' -> by("HH:mm:ss", time);
            case 'R' -> by("HH:mm", time);
            case 'f' -> by("SSSSSS", time);
            case 'w' -> Integer.toString(time.getDayOfWeek().getValue() % 7);
            case 'u' -> Integer.toString(time.getDayOfWeek().getValue());
            case 'y' -> by("yy", time);
            case 'C' -> "%02d".formatted(time.getYear() / 100);
            case 'U' ->
                "%02d".formatted((time.getDayOfYear() + 6 - time.getDayOfWeek().getValue() % 7) / 7);
            case 'W' ->
                "%02d".formatted((time.getDayOfYear() + 7 - time.getDayOfWeek().getValue()) / 7);
            case 'V' -> "%02d".formatted(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case 'G' -> Integer.toString(time.get(IsoFields.WEEK_BASED_YEAR));
            case 'g' -> "%02d".formatted(time.get(IsoFields.WEEK_BASED_YEAR) % 100);
            case 'c' -> by("EEE MMM", time) + " %2d ".formatted(time.getDayOfMonth()) + by("HH:mm:ss yyyy", time);
            case 'x' -> by("MM/dd/yy", time);
            case 'X' -> by("HH:mm:ss", time);
            case 'r' -> by("hh:mm:ss a", time);
            case 'Y' -> by("yyyy", time);
            // datetime.now() has no zone, and Python writes nothing for it.
            case 'z', 'Z' -> "";
            case '%' -> "%";
            case 'n' -> "\n";
            case 't' -> "\t";
            default -> "%" + directive;
        };
    }

    private static String by(String pattern, ZonedDateTime time) {
        return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
    }
}
