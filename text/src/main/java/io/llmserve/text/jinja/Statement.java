package io.llmserve.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A part of a template's body.
sealed interface Statement {
    record Text(String text) implements Statement {}

    record Output(Expression value) implements Statement {}

    /// The first branch whose condition holds; `else` is a branch with the condition true.
    record If(List<Branch> branches) implements Statement {}

    record Branch(Expression condition, List<Statement> body) {}

    record For(
            List<String> targets,
            Expression items,
            @Nullable Expression condition,
            List<Statement> body,
            List<Statement> otherwise,
            boolean recursive)
            implements Statement {}

    record Set(Target target, Expression value) implements Statement {}

    /// What `set` gives a value to.
    sealed interface Target {}

    record Names(List<String> names) implements Target {}

    record AttributeOf(String namespace, String attribute) implements Target {}

    /// `{% set x %}...{% endset %}`, with the filters behind the name; the value of [#INPUT] is the body's text.
    record Capture(Target target, Expression filtered, List<Statement> body) implements Statement {
        static final String INPUT = "\u0000body";
    }

    /// `{% filter ... %}...{% endfilter %}`
    record Filtered(Expression filtered, List<Statement> body) implements Statement {}

    /// @param takes `varargs`, `kwargs`: which of the arguments without a parameter the body asks for
    record Macro(String name, List<Parameter> parameters, List<Statement> body, java.util.Set<String> takes)
            implements Statement {}

    record Parameter(String name, @Nullable Expression standard) {}

    /// `{% call(x) f() %}...{% endcall %}`: the body is `caller` in `f`.
    record CallBlock(Macro caller, Expression call) implements Statement {}

    record With(List<Expression.Named> values, List<Statement> body) implements Statement {}

    /// A body with variables of its own (`{% generation %}`).
    record Block(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}
}
