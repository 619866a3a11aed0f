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
            case Statement.Text text -> out.append(text.text());
            case Statement.Output output -> out.append(PythonText.string(evaluator.value(output.value(), scope)));
            case Statement.If branches -> {
                return branch(branches, scope, out);
            }
            case Statement.For loop -> loop(loop, scope, out);
            case Statement.Set set -> assign(set.targets(), evaluator.value(set.value(), scope), scope);
            case Statement.SetAttribute set -> assign(set, scope);
            case Statement.Capture capture ->
                scope.set(capture.target(), filtered(capture.filtered(), capture.body(), scope));
            case Statement.Filtered filter ->
                out.append(PythonText.string(filtered(filter.filtered(), filter.body(), scope)));
            case Statement.Macro macro -> scope.set(macro.name(), function(macro, scope));
            case Statement.CallBlock call -> out.append(PythonText.string(called(call, scope)));
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

    private void loop(Statement.For loop, Scope scope, StringBuilder out) {
        List<Object> items = items(loop, scope);
        if (items.isEmpty()) {
            run(loop.otherwise(), scope, out);
            return;
        }
        int level = scope.get("loop") instanceof LoopState around ? around.depth() + 1 : 1;
        LoopState state = new LoopState(items, level);
        for (int i = 0; i < items.size(); i++) {
            state.moveTo(i);
            Scope inner = new Scope(scope);
            inner.set("loop", state);
            assign(loop.targets(), items.get(i), inner);
            if (run(loop.body(), inner, out) == Flow.BREAK) {
                return;
            }
        }
    }

    /// Those that the loop's own condition lets in.
    private List<Object> items(Statement.For loop, Scope scope) {
        List<Object> all = Values.items(evaluator.value(loop.items(), scope));
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

    private void assign(Statement.SetAttribute set, Scope scope) {
        if (!(scope.get(set.namespace()) instanceof Namespace namespace)) {
            throw new TemplateException("cannot assign attribute on non-namespace object");
        }
        namespace.values().put(set.attribute(), evaluator.value(set.value(), scope));
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
        if (arguments.positional().size() > parameters.size()) {
            throw new TemplateException(
                    "macro '%s' takes not more than %d argument(s)".formatted(macro.name(), parameters.size()));
        }
        for (int i = 0; i < parameters.size(); i++) {
            Statement.Parameter parameter = parameters.get(i);
            Object standard = parameter.standard() == null
                    ? new Undefined("parameter '%s' was not provided".formatted(parameter.name()))
                    : evaluator.value(parameter.standard(), scope);
            scope.set(parameter.name(), arguments.get(i, parameter.name(), standard));
        }
        Object caller = arguments.named().get("caller");
        if (caller != null) {
            scope.set("caller", caller);
        }
    }
}
