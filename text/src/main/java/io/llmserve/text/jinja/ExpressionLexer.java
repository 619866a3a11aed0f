package io.llmserve.text.jinja;

import io.llmserve.text.jinja.Token.Kind;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One token of an expression: a name, a number, a string or an operator.
final class ExpressionLexer {
    private static final Pattern NUMBER = Pattern.compile("0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+"
            + "|\\d+(?:_\\d+)*(\\.\\d+(?:_\\d+)*)?([eE][+-]?\\d+(?:_\\d+)*)?");
    private static final Pattern BASE = Pattern.compile("0[xXoObB]");
    private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
    private static final List<String> OPERATORS = List.of(
            "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
            "=", ".", ":", "|", ",", ";");

    private ExpressionLexer() {}

    static Token next(String source, int at, int line) {
        char first = source.charAt(at);
        if (first == '"' || first == '\'') {
            return new Token(Kind.STRING, unescaped(source.substring(at + 1, stringEnd(source, at, line) - 1)), line);
        }
        String text = source.substring(at, end(source, at, line));
        if (isDigit(first)) {
            boolean whole = BASE.matcher(text).lookingAt()
                    || text.chars().allMatch(character -> isDigit((char) character) || character == '_');
            return new Token(whole ? Kind.INTEGER : Kind.FLOAT, text.replace("_", ""), line);
        }
        return new Token(OPERATORS.contains(text) ? Kind.OPERATOR : Kind.NAME, text, line);
    }

    /// Where the token that opens at `at` ends.
    static int end(String source, int at, int line) {
        char first = source.charAt(at);
        if (first == '"' || first == '\'') {
            return stringEnd(source, at, line);
        }
        Matcher matcher = (isDigit(first) ? NUMBER : NAME).matcher(source).region(at, source.length());
        if (matcher.lookingAt()) {
            return matcher.end();
        }
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                return at + operator.length();
            }
        }
        throw TemplateException.at(line, "unexpected character '" + first + "'");
    }

    private static boolean isDigit(char character) {
        return character >= '0' && character <= '9';
    }

    private static int stringEnd(String source, int at, int line) {
        char quote = source.charAt(at);
        int next = at + 1;
        while (next < source.length()) {
            if (source.charAt(next) == quote) {
                return next + 1;
            }
            next += source.charAt(next) == '\\' ? 2 : 1;
        }
        throw TemplateException.at(line, "a string has no end");
    }

    /// Python's escapes; an unknown one stays as it is.
    private static String unescaped(String text) {
        StringBuilder out = new StringBuilder(text.length());
        int next = 0;
        while (next < text.length()) {
            if (text.charAt(next) == '\\' && next + 1 < text.length()) {
                next = escape(text, next + 1, out);
            } else {
                out.append(text.charAt(next++));
            }
        }
        return out.toString();
    }

    /// Appends what the escape stands for, whose letter is at `at`; returns where it ends.
    private static int escape(String text, int at, StringBuilder out) {
        switch (text.charAt(at)) {
            case 'n' -> out.append('\n');
            case 't' -> out.append('\t');
            case 'r' -> out.append('\r');
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'v' -> out.append('\u000b');
            case 'a' -> out.append('\u0007');
            case '0' -> out.append('\0');
            case '\\', '\'', '"' -> out.append(text.charAt(at));
            case '\n' -> {}
            case 'x' -> {
                return codePoint(text, at + 1, 2, out);
            }
            case 'u' -> {
                return codePoint(text, at + 1, 4, out);
            }
            case 'U' -> {
                return codePoint(text, at + 1, 8, out);
            }
            default -> out.append('\\').append(text.charAt(at));
        }
        return at + 1;
    }

    private static int codePoint(String text, int at, int digits, StringBuilder out) {
        int end = at + digits;
        try {
            out.appendCodePoint(Integer.parseInt(text, at, Math.min(end, text.length()), 16));
        } catch (IllegalArgumentException e) {
            throw new TemplateException("an escape in a string is no character");
        }
        return end;
    }
}
