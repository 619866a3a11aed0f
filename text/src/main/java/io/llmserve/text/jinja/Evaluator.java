package io.llmserve.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The values of expressions.
final class Evaluator {
    Object value(Expression expression, Scope scope) {
        Budget.spend(1);
        return switch (expression) {
            case Expression.Literal literal -> literal.value();
            case Expression.Name name -> scope.get(name.name());
            case Expression.ListOf list -> values(list.items(), scope);
            case Expression.TupleOf tuple -> Tuple.copyOf(values(tuple.items(), scope));
            case Expression.MapOf map -> map(map, scope);
            case Expression.Attribute attribute -> Access.attribute(value(attribute.object(), scope), attribute.name());
            case Expression.Index index -> Access.element(value(index.object(), scope), value(index.index(), scope));
            case Expression.Slice slice ->
                Access.slice(
                        value(slice.object(), scope),
                        optional(slice.from(), scope),
                        optional(slice.to(), scope),
                        optional(slice.step(), scope));
            case Expression.Call call -> call(value(call.function(), scope), arguments(call.arguments(), scope));
            case Expression.Filter filter ->
                Filters.apply(filter.name(), value(filter.value(), scope), arguments(filter.arguments(), scope));
            case Expression.Test test ->
                Predicates.test(test.name(), value(test.value(), scope), arguments(test.arguments(), scope));
            case Expression.Unary unary -> unary(unary.operator(), value(unary.value(), scope));
            case Expression.Binary binary ->
                Operators.apply(binary.operator(), value(binary.left(), scope), value(binary.right(), scope));
            case Expression.Comparison comparison -> holds(comparison, scope);
            case Expression.And and -> {
                Object left = value(and.left(), scope);
                yield Values.truth(left) ? value(and.right(), scope) : left;
            }
            case Expression.Or or -> {
                Object left = value(or.left(), scope);
                yield Values.truth(left) ? left : value(or.right(), scope);
            }
            case Expression.Conditional conditional -> conditional(conditional, scope);
        };
    }

    boolean holds(Expression condition, Scope scope) {
        return Values.truth(value(condition, scope));
    }

    Object call(Object function, Arguments arguments) {
        Values.failIfUndefined(function);
        if (function instanceof Function callable) {
            return callable.call(arguments);
        }
        throw new TemplateException("'%s' object is not callable".formatted(Values.typeName(function)));
    }

    Arguments arguments(Expression.Arguments given, Scope scope) {
        if (given.positional().isEmpty() && given.named().isEmpty()) {
            return Arguments.NONE;
        }
        Map<String, Object> named = new LinkedHashMap<>();
        given.named().forEach(argument -> named.put(argument.name(), value(argument.value(), scope)));
        return new Arguments(values(given.positional(), scope), named);
    }

    private List<Object> values(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        expressions.forEach(expression -> values.add(value(expression, scope)));
        return values;
    }

    private Object map(Expression.MapOf map, Scope scope) {
        Map<Object, Object> values = new LinkedHashMap<>();
        map.entries().forEach(entry -> values.put(Values.key(value(entry.key(), scope)), value(entry.value(), scope)));
        return values;
    }

    private Object optional(@Nullable Expression expression, Scope scope) {
        return expression == null ? None.NONE : value(expression, scope);
    }

    private static Object unary(String operator, Object value) {
        return switch (operator) {
            case "not" -> !Values.truth(value);
            case "-" -> Operators.negated(value);
            default -> value;
        };
    }

    private boolean holds(Expression.Comparison comparison, Scope scope) {
        Object left = value(comparison.first(), scope);
        for (Expression.Link link : comparison.links()) {
            Object right = value(link.right(), scope);
            if (!Predicates.compared(link.operator(), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private Object conditional(Expression.Conditional conditional, Scope scope) {
        if (holds(conditional.condition(), scope)) {
            return value(conditional.then(), scope);
        }
        return conditional.otherwise() == null
                ? new Undefined("the inline if-expression has no else")
                : value(conditional.otherwise(), scope);
    }
}
