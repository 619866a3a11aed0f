package io.llmserve.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Runs the statements of a template; one object a rendering.
final class Interpreter {
    private final Evaluator evaluator = new Evaluator();

    /// How a body ended.
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    String text(List<Statement> body, Scope scope) {
        StringBuilder out = new StringBuilder();
        run(body, scope, out);
        return out.toString();
    }

    private Flow run(List<Statement> body, Scope scope, StringBuilder out) {
        for (Statement statement : body) {
            Flow flow = run(statement, scope, out);
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow run(Statement statement, Scope scope, StringBuilder out) {
        switch (statement) {
            case Statement.Text text -> Budget.append(out, text.text());
            case Statement.Output output ->
                Budget.append(out, PythonText.string(evaluator.value(output.value(), scope)));
            case Statement.If branches -> {
                return branch(branches, scope, out);
            }
            case Statement.For loop -> {
                List<Object> items = items(loop, evaluator.value(loop.items(), scope), scope);
                return new Loop(loop, scope).run(items, 1, out);
            }
            case Statement.Set set -> assign(set.target(), evaluator.value(set.value(), scope), scope);
            case Statement.Capture capture ->
                assign(capture.target(), filtered(capture.filtered(), capture.body(), scope), scope);
            case Statement.Filtered filter ->
                Budget.append(out, PythonText.string(filtered(filter.filtered(), filter.body(), scope)));
            case Statement.Macro macro -> scope.set(macro.name(), function(macro, scope));
            case Statement.CallBlock call -> Budget.append(out, PythonText.string(called(call, scope)));
            case Statement.With with -> {
                Scope inner = new Scope(scope);
                with.values().forEach(named -> inner.set(named.name(), evaluator.value(named.value(), scope)));
                return run(with.body(), inner, out);
            }
            case Statement.Block block -> {
                return run(block.body(), new Scope(scope), out);
            }
            case Statement.Break _ -> {
                return Flow.BREAK;
            }
            case Statement.Continue _ -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private Flow branch(Statement.If branches, Scope scope, StringBuilder out) {
        for (Statement.Branch branch : branches.branches()) {
            if (evaluator.holds(branch.condition(), scope)) {
                return run(branch.body(), scope, out);
            }
        }
        return Flow.NEXT;
    }

    /// A `for` in its surroundings, which a recursive one runs again and again.
    private final class Loop {
        private final Statement.For statement;
        private final Scope scope;

        Loop(Statement.For statement, Scope scope) {
            this.statement = statement;
            this.scope = scope;
        }

        Flow run(List<Object> items, int depth, StringBuilder out) {
            LoopState state = new LoopState(items, depth, statement.recursive() ? deeper(depth) : null);
            boolean completed = false;
            for (int i = 0; i < items.size(); i++) {
                state.moveTo(i);
                Scope inner = new Scope(scope);
                inner.set("loop", state);
                assign(statement.targets(), items.get(i), inner);
                Flow flow = Interpreter.this.run(statement.body(), inner, out);
                if (flow == Flow.BREAK) {
                    break;
                }
                completed |= flow == Flow.NEXT;
            }
            // As in Jinja: `else` belongs to a loop of which no turn came to its end.
            return completed ? Flow.NEXT : Interpreter.this.run(statement.otherwise(), scope, out);
        }

        private Function deeper(int depth) {
            return arguments -> {
                StringBuilder out = new StringBuilder();
                run(items(statement, arguments.require(0, "iterable"), scope), depth + 1, out);
                return out.toString();
            };
        }
    }

    /// Those that the loop's own condition lets in.
    private List<Object> items(Statement.For loop, Object value, Scope scope) {
        List<Object> all = Values.items(value);
        if (loop.condition() == null) {
            return all;
        }
        List<Object> items = new ArrayList<>();
        for (Object item : all) {
            Scope inner = new Scope(scope);
            assign(loop.targets(), item, inner);
            if (evaluator.holds(loop.condition(), inner)) {
                items.add(item);
            }
        }
        return items;
    }

    private static void assign(List<String> targets, Object value, Scope scope) {
        if (targets.size() == 1) {
            scope.set(targets.getFirst(), value);
            return;
        }
        List<Object> parts = Values.items(value);
        if (parts.size() != targets.size()) {
            throw new TemplateException(
                    "%d values cannot be given to %d names".formatted(parts.size(), targets.size()));
        }
        for (int i = 0; i < parts.size(); i++) {
            scope.set(targets.get(i), parts.get(i));
        }
    }

    private static void assign(Statement.Target target, Object value, Scope scope) {
        switch (target) {
            case Statement.Names names -> assign(names.names(), value, scope);
            case Statement.AttributeOf attribute -> {
                if (!(scope.get(attribute.namespace()) instanceof Namespace namespace)) {
                    throw new TemplateException("cannot assign attribute on non-namespace object");
                }
                namespace.values().put(attribute.attribute(), value);
            }
        }
    }

    private Object filtered(Expression filtered, List<Statement> body, Scope scope) {
        Scope inner = new Scope(scope);
        String text = text(body, new Scope(scope));
        inner.set(Statement.Capture.INPUT, text);
        return evaluator.value(filtered, inner);
    }

    private Object called(Statement.CallBlock block, Scope scope) {
        Scope inner = new Scope(scope);
        inner.set("caller", function(block.caller(), scope));
        if (!(block.call() instanceof Expression.Call call)) {
            throw new TemplateException("a call block needs a call");
        }
        Object function = evaluator.value(call.function(), inner);
        Arguments arguments = evaluator.arguments(call.arguments(), inner);
        Map<String, Object> named = new LinkedHashMap<>(arguments.named());
        named.put("caller", inner.get("caller"));
        return evaluator.call(function, new Arguments(arguments.positional(), named));
    }

    private Function function(Statement.Macro macro, Scope definition) {
        return arguments -> {
            Scope scope = new Scope(definition);
            bind(macro, arguments, scope);
            return text(macro.body(), scope);
        };
    }

    private void bind(Statement.Macro macro, Arguments arguments, Scope scope) {
        List<Statement.Parameter> parameters = macro.parameters();
        Arguments others = others(macro, arguments);
        for (int i = 0; i < parameters.size(); i++) {
            Statement.Parameter parameter = parameters.get(i);
            Object standard = parameter.standard() == null
                    ? new Undefined("parameter '%s' was not provided".formatted(parameter.name()))
                    : evaluator.value(parameter.standard(), scope);
            scope.set(parameter.name(), arguments.get(i, parameter.name(), standard));
        }
        scope.set("varargs", Tuple.copyOf(others.positional()));
        scope.set("kwargs", new LinkedHashMap<Object, Object>(others.named()));
        Object caller = arguments.named().get("caller");
        if (caller != null) {
            scope.set("caller", caller);
        }
    }

    /// What the macro has no parameter for: refused, unless its body asks for it.
    private static Arguments others(Statement.Macro macro, Arguments given) {
        Arguments others = given.from(macro.parameters().size());
        Map<String, Object> named = new LinkedHashMap<>(others.named());
        macro.parameters().forEach(parameter -> named.remove(parameter.name()));
        named.remove("caller");
        if (!others.positional().isEmpty() && !macro.takes().contains("varargs")) {
            throw new TemplateException("macro '%s' takes not more than %d argument(s)"
                    .formatted(macro.name(), macro.parameters().size()));
        }
        if (!named.isEmpty() && !macro.takes().contains("kwargs")) {
            throw new TemplateException("macro '%s' takes no keyword argument '%s'"
                    .formatted(macro.name(), named.keySet().iterator().next()));
        }
        return new Arguments(others.positional(), named);
    }
}
