package io.llmserve.text.jinja;

import io.llmserve.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Cuts a template into tokens with `trim_blocks` and `lstrip_blocks` on, as `transformers` sets them: a tag that
/// stands alone on its line leaves nothing of that line.
final class Lexer {
    private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%}");
    private static final Pattern RAW_BEGIN = Pattern.compile("\\{%([-+]?)\\s*raw\\s*([-+]?)%}");
    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    /// The text that follows opens a line of the source.
    private boolean atLineStart = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (at < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                addText(source.substring(at));
                advance(source.length());
                break;
            }
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            char kind = source.charAt(tag + 1);
            addText(beforeTag(source.substring(at, tag), kind, sign));
            advance(tag);
            switch (kind) {
                case '#' -> comment();
                case '%' -> block(sign);
                default -> variable(sign);
            }
        }
        tokens.add(new Token(Kind.END, "", line));
    }

    private int nextTag() {
        for (int tag = source.indexOf('{', at); tag >= 0; tag = source.indexOf('{', tag + 1)) {
            if (tag + 1 < source.length() && "{%#".indexOf(source.charAt(tag + 1)) >= 0) {
                return tag;
            }
        }
        return -1;
    }

    private String beforeTag(String text, char kind, char sign) {
        if (sign == '-') {
            return PythonText.stripEnd(text);
        }
        int lineStart = text.lastIndexOf('\n') + 1;
        boolean strips = kind != '{' && sign != '+' && (lineStart > 0 || atLineStart);
        return strips && PythonText.isSpace(text.substring(lineStart)) ? text.substring(0, lineStart) : text;
    }

    private void comment() {
        int end = source.indexOf("#}", at + 2);
        if (end < 0) {
            throw TemplateException.at(line, "a comment has no end");
        }
        char sign = source.charAt(end - 1);
        afterTag(end + 2, sign == '-' || sign == '+' ? sign : ' ', true);
    }

    private void block(char sign) {
        Matcher raw = RAW_BEGIN.matcher(source).region(at, source.length());
        if (raw.lookingAt()) {
            raw(raw);
            return;
        }
        tokens.add(new Token(Kind.BLOCK_BEGIN, "{%", line));
        advance(at + (sign == '-' || sign == '+' ? 3 : 2));
        char endSign = expressionUntil("%}");
        tokens.add(new Token(Kind.BLOCK_END, "%}", line));
        afterTag(at, endSign, true);
    }

    private void variable(char sign) {
        tokens.add(new Token(Kind.VARIABLE_BEGIN, "{{", line));
        advance(at + (sign == '-' || sign == '+' ? 3 : 2));
        char endSign = expressionUntil("}}");
        tokens.add(new Token(Kind.VARIABLE_END, "}}", line));
        afterTag(at, endSign, false);
    }

    private void raw(Matcher begin) {
        Matcher end = RAW_END.matcher(source);
        afterTag(begin.end(), signOf(begin.group(2)), false);
        if (!end.find(at)) {
            throw TemplateException.at(line, "a raw block has no end");
        }
        addText(beforeTag(source.substring(at, end.start()), '%', signOf(end.group(1))));
        afterTag(end.end(), signOf(end.group(2)), true);
    }

    private static char signOf(String group) {
        return group.isEmpty() ? ' ' : group.charAt(0);
    }

    /// `-` takes all white space behind the tag; else a block or comment takes the line's end behind it.
    private void afterTag(int end, char sign, boolean trims) {
        int next = end;
        if (sign == '-') {
            while (next < source.length() && PythonText.isSpace(source.charAt(next))) {
                next++;
            }
        } else if (trims && sign != '+' && next < source.length() && source.charAt(next) == '\n') {
            next++;
        }
        advance(next);
        atLineStart = source.charAt(next - 1) == '\n';
    }

    private void addText(String text) {
        if (!text.isEmpty()) {
            tokens.add(new Token(Kind.TEXT, text, line));
        }
    }

    private void advance(int to) {
        for (int i = at; i < to; i++) {
            if (source.charAt(i) == '\n') {
                line++;
            }
        }
        at = to;
    }

    /// Tokens of an expression up to the tag's end, which is passed; returns the sign before that.
    private char expressionUntil(String close) {
        int depth = 0;
        while (true) {
            skipSpace();
            if (at >= source.length()) {
                throw TemplateException.at(line, "a tag has no end");
            }
            char first = source.charAt(at);
            if (depth == 0) {
                if (source.startsWith(close, at)) {
                    advance(at + 2);
                    return ' ';
                }
                boolean sign = first == '-' || (first == '+' && close.equals("%}"));
                if (sign && source.startsWith(close, at + 1)) {
                    advance(at + 3);
                    return first;
                }
            }
            Token token = ExpressionLexer.next(source, at, line);
            if ("([{".indexOf(first) >= 0) {
                depth++;
            } else if (")]}".indexOf(first) >= 0) {
                depth--;
            }
            tokens.add(token);
            advance(ExpressionLexer.end(source, at, line));
        }
    }

    private void skipSpace() {
        int next = at;
        while (next < source.length() && PythonText.isSpace(source.charAt(next))) {
            next++;
        }
        advance(next);
    }
}
