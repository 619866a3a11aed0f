package io.llmserve.text.jinja;

import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A parsed template. Immutable; every rendering stands alone.
public final class Template {
    private final List<Statement> body;

    private Template(List<Statement> body) {
        this.body = body;
    }

    /// Throws [TemplateException] with the line where the source is no template.
    public static Template parse(String source) {
        try {
            return new Template(TemplateParser.parse(source));
        } catch (StackOverflowError e) {
            throw tooDeep();
        }
    }

    /// @param variables strings, numbers, booleans, lists, maps and nulls, as a JSON parser makes them
    /// @param now what `strftime_now` shows
    public String render(Map<String, ? extends @Nullable Object> variables, ZonedDateTime now) {
        try {
            return Budget.limit(() -> rendered(variables, now));
        } catch (StackOverflowError e) {
            throw tooDeep();
        }
    }

    private String rendered(Map<String, ? extends @Nullable Object> variables, ZonedDateTime now) {
        Scope globals = new Scope(null);
        Globals.define(globals, now);
        Scope scope = new Scope(globals);
        variables.forEach((name, value) -> scope.set(name, Values.of(value)));
        return new Interpreter().text(body, scope);
    }

    /// Parser and interpreter recurse as deep as the template nests; the stack is the limit.
    private static TemplateException tooDeep() {
        return new TemplateException("the template nests or recurses too deep");
    }
}
