package io.llmserve.text.jinja;

import io.llmserve.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Statements of a template. What Jinja has beyond chat templates (inheritance, includes, imports) is refused by
/// name.
final class TemplateParser {
    private static final Expression TRUE = new Expression.Literal(true);
    private static final Set<String> CONSTANTS = Set.of("true", "false", "none", "True", "False", "None");
    private static final Set<String> OTHER_ARGUMENTS = Set.of("varargs", "kwargs");
    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int loops;

    private TemplateParser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Statement> parse(String source) {
        return new TemplateParser(new TokenStream(Lexer.tokens(source))).bodyUntil(Set.of());
    }

    /// Up to a tag with one of `ends`, of which the name is still to be read; with no ends, up to the template's
    /// end.
    private List<Statement> bodyUntil(Set<String> ends) {
        List<Statement> body = new ArrayList<>();
        while (tokens.peek().kind() != Kind.END) {
            Token token = tokens.next();
            if (token.kind() == Kind.TEXT) {
                body.add(new Statement.Text(token.text()));
            } else if (token.kind() == Kind.VARIABLE_BEGIN) {
                body.add(new Statement.Output(expressions.tuple()));
                tokens.expect(Kind.VARIABLE_END);
            } else if (ends.contains(tokens.peek().text())) {
                return body;
            } else {
                body.add(statement(tokens.expectName()));
            }
        }
        if (!ends.isEmpty()) {
            throw tokens.error("%s is missing".formatted(String.join(" or ", ends)));
        }
        return body;
    }

    private Statement statement(String keyword) {
        return switch (keyword) {
            case "if" -> condition();
            case "for" -> loop();
            case "set" -> assignment();
            case "macro" -> macro(tokens.expectName(), parameters(), "endmacro");
            case "call" -> callBlock();
            case "filter" -> filterBlock();
            case "with" -> with();
            case "generation" -> new Statement.Block(blockUntil("endgeneration"));
            case "break" -> loopControl(new Statement.Break());
            case "continue" -> loopControl(new Statement.Continue());
            default -> throw tokens.error("unknown tag '%s'".formatted(keyword));
        };
    }

    private Statement loopControl(Statement control) {
        if (loops == 0) {
            throw tokens.error("break or continue outside of a loop");
        }
        tokens.expect(Kind.BLOCK_END);
        return control;
    }

    private Statement condition() {
        List<Statement.Branch> branches = new ArrayList<>();
        Expression condition = expressions.tuple();
        tokens.expect(Kind.BLOCK_END);
        while (true) {
            List<Statement> body = bodyUntil(Set.of("elif", "else", "endif"));
            branches.add(new Statement.Branch(condition, body));
            String end = tokens.expectName();
            if (end.equals("elif")) {
                condition = expressions.tuple();
                tokens.expect(Kind.BLOCK_END);
                continue;
            }
            tokens.expect(Kind.BLOCK_END);
            if (end.equals("else")) {
                branches.add(new Statement.Branch(TRUE, blockBody("endif")));
            }
            return new Statement.If(branches);
        }
    }

    private Statement loop() {
        List<String> targets = targets();
        tokens.expectName("in");
        Expression items = items();
        Expression condition = tokens.skipName("if") ? expressions.expression() : null;
        boolean recursive = tokens.skipName("recursive");
        tokens.expect(Kind.BLOCK_END);
        loops++;
        List<Statement> body = bodyUntil(Set.of("else", "endfor"));
        loops--;
        boolean otherwise = tokens.expectName().equals("else");
        tokens.expect(Kind.BLOCK_END);
        return new Statement.For(
                targets, items, condition, body, otherwise ? blockBody("endfor") : List.of(), recursive);
    }

    /// Without a conditional expression: `if` behind the items is the loop's own.
    private Expression items() {
        Expression first = expressions.or();
        if (!tokens.isOperator(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",") && !tokens.isExpressionEnd()) {
            items.add(expressions.or());
        }
        return new Expression.TupleOf(items);
    }

    private List<String> targets() {
        boolean grouped = tokens.skipOperator("(");
        List<String> targets = new ArrayList<>(List.of(target()));
        while (tokens.skipOperator(",")) {
            targets.add(target());
        }
        if (grouped) {
            tokens.expectOperator(")");
        }
        return targets;
    }

    private String target() {
        String name = tokens.expectName();
        if (CONSTANTS.contains(name)) {
            throw tokens.error("'%s' cannot be assigned to".formatted(name));
        }
        return name;
    }

    private Statement assignment() {
        List<String> targets = targets();
        Statement.Target target = tokens.skipOperator(".")
                ? new Statement.AttributeOf(targets.getFirst(), tokens.expectName())
                : new Statement.Names(targets);
        if (tokens.skipOperator("=")) {
            Expression value = expressions.tuple();
            tokens.expect(Kind.BLOCK_END);
            return new Statement.Set(target, value);
        }
        Expression filtered = expressions.filters(new Expression.Name(Statement.Capture.INPUT));
        return new Statement.Capture(target, filtered, blockUntil("endset"));
    }

    private Statement.Macro macro(String name, List<Statement.Parameter> parameters, String end) {
        int outerLoops = loops;
        loops = 0;
        int from = tokens.position();
        List<Statement> body = blockUntil(end);
        loops = outerLoops;
        return new Statement.Macro(name, parameters, body, tokens.namesSince(from, OTHER_ARGUMENTS));
    }

    private List<Statement.Parameter> parameters() {
        List<Statement.Parameter> parameters = new ArrayList<>();
        if (tokens.skipOperator("(")) {
            while (!tokens.skipOperator(")")) {
                String name = tokens.expectName();
                parameters.add(
                        new Statement.Parameter(name, tokens.skipOperator("=") ? expressions.expression() : null));
                if (!tokens.isOperator(")")) {
                    tokens.expectOperator(",");
                }
            }
        }
        return parameters;
    }

    private Statement callBlock() {
        List<Statement.Parameter> parameters = parameters();
        Expression call = expressions.expression();
        return new Statement.CallBlock(macro("caller", parameters, "endcall"), call);
    }

    private Statement filterBlock() {
        Expression value = new Expression.Name(Statement.Capture.INPUT);
        String name = tokens.expectName();
        if (!Filters.NAMES.contains(name)) {
            throw tokens.error("there is no filter named '%s'".formatted(name));
        }
        Expression.Arguments arguments = tokens.isOperator("(") ? expressions.arguments() : Expression.Arguments.NONE;
        Expression filtered = expressions.filters(new Expression.Filter(value, name, arguments));
        return new Statement.Filtered(filtered, blockUntil("endfilter"));
    }

    private Statement with() {
        List<Expression.Named> values = new ArrayList<>();
        while (tokens.peek().kind() == Kind.NAME) {
            String name = tokens.expectName();
            tokens.expectOperator("=");
            values.add(new Expression.Named(name, expressions.expression()));
            if (tokens.peek().kind() != Kind.BLOCK_END) {
                tokens.expectOperator(",");
            }
        }
        return new Statement.With(values, blockUntil("endwith"));
    }

    private List<Statement> blockUntil(String end) {
        tokens.expect(Kind.BLOCK_END);
        return blockBody(end);
    }

    private List<Statement> blockBody(String end) {
        List<Statement> body = bodyUntil(Set.of(end));
        tokens.expectName(end);
        if (end.equals("endmacro") && tokens.peek().kind() == Kind.NAME) {
            tokens.next();
        }
        tokens.expect(Kind.BLOCK_END);
        return body;
    }
}
