package io.llmserve.text.jinja;

import io.llmserve.text.jinja.Token.Kind;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// The tokens of a template, read from the front.
final class TokenStream {
    private final List<Token> tokens;
    private int position;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(position);
    }

    Token second() {
        return tokens.get(Math.min(position + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = peek();
        if (token.kind() != Kind.END) {
            position++;
        }
        return token;
    }

    boolean isName(String name) {
        return peek().isName(name);
    }

    boolean isOperator(String operator) {
        return peek().isOperator(operator);
    }

    boolean isOperatorOf(Set<String> operators) {
        return peek().kind() == Kind.OPERATOR && operators.contains(peek().text());
    }

    boolean isExpressionEnd() {
        return switch (peek().kind()) {
            case BLOCK_END, VARIABLE_END, END -> true;
            case OPERATOR -> ")]}=".contains(peek().text());
            case NAME -> peek().isName("in") || peek().isName("if") || peek().isName("recursive");
            case TEXT, BLOCK_BEGIN, VARIABLE_BEGIN, STRING, INTEGER, FLOAT -> false;
        };
    }

    int position() {
        return position;
    }

    /// Those of `names` that stood between an earlier position and this one.
    Set<String> namesSince(int earlier, Set<String> names) {
        return tokens.subList(earlier, position).stream()
                .filter(token -> token.kind() == Kind.NAME)
                .map(Token::text)
                .filter(names::contains)
                .collect(Collectors.toUnmodifiableSet());
    }

    boolean skipName(String name) {
        return skip(isName(name));
    }

    boolean skipOperator(String operator) {
        return skip(isOperator(operator));
    }

    String expectName() {
        Token token = next();
        if (token.kind() != Kind.NAME) {
            throw TemplateException.at(token.line(), "a name is missing before '%s'".formatted(token.text()));
        }
        return token.text();
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw error("'%s' is missing before '%s'".formatted(operator, peek().text()));
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw error("'%s' is missing before '%s'".formatted(name, peek().text()));
        }
    }

    void expect(Kind kind) {
        if (!skip(peek().kind() == kind)) {
            throw error("the tag does not end before '%s'".formatted(peek().text()));
        }
    }

    TemplateException error(String message) {
        return TemplateException.at(peek().line(), message);
    }

    private boolean skip(boolean matches) {
        if (matches) {
            next();
        }
        return matches;
    }
}
