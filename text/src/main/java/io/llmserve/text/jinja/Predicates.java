package io.llmserve.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// Jinja's tests: what may follow `is`.
final class Predicates {
    static final Set<String> NAMES = Set.of(
            "defined",
            "undefined",
            "none",
            "string",
            "number",
            "integer",
            "float",
            "boolean",
            "true",
            "false",
            "mapping",
            "iterable",
            "sequence",
            "callable",
            "escaped",
            "filter",
            "test",
            "odd",
            "even",
            "divisibleby",
            "sameas",
            "lower",
            "upper",
            "in",
            "eq",
            "equalto",
            "ne",
            "lt",
            "lessthan",
            "le",
            "gt",
            "greaterthan",
            "ge",
            "==",
            "!=",
            "<",
            "<=",
            ">",
            ">=");

    private Predicates() {}

    static boolean test(String name, Object value, Arguments arguments) {
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == None.NONE;
            case "string" -> value instanceof String;
            case "number" -> Values.isNumber(value);
            case "integer" -> value instanceof Number && !(value instanceof Double);
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true" -> value.equals(true);
            case "false" -> value.equals(false);
            case "mapping" -> value instanceof Map;
            case "iterable" -> Values.isIterable(value);
            case "sequence" ->
                value instanceof List || value instanceof Map || value instanceof String || value instanceof Undefined;
            case "callable" -> value instanceof Function;
            case "escaped" -> false;
            case "filter" -> Filters.NAMES.contains(text(value));
            case "test" -> NAMES.contains(text(value));
            case "odd" -> halves(value) == 1;
            case "even" -> halves(value) == 0;
            case "divisibleby" -> !Values.truth(Operators.apply("%", value, arguments.require(0, "num")));
            case "sameas" -> same(value, arguments.require(0, "other"));
            case "lower" -> TextMethods.isLower(text(value));
            case "upper" -> TextMethods.isUpper(text(value));
            default -> compared(name, value, arguments.require(0, "other"));
        };
    }

    /// `left operator right`, by the operator or the name of the test.
    static boolean compared(String operator, Object left, Object right) {
        return switch (operator) {
            case "==", "eq", "equalto" -> Values.equal(left, right);
            case "!=", "ne" -> !Values.equal(left, right);
            case "<", "lt", "lessthan" -> Values.compare("<", left, right) < 0;
            case "<=", "le" -> Values.compare("<=", left, right) <= 0;
            case ">", "gt", "greaterthan" -> Values.compare(">", left, right) > 0;
            case ">=", "ge" -> Values.compare(">=", left, right) >= 0;
            case "in" -> Values.contains(right, left);
            case "not in" -> !Values.contains(right, left);
            default -> throw new TemplateException("there is no test named '%s'".formatted(operator));
        };
    }

    /// What is left of a number that is halved.
    private static double halves(Object value) {
        double number = Values.number(value);
        return number - 2 * Math.floor(number / 2);
    }

    private static boolean same(Object left, Object right) {
        return left.getClass() == right.getClass() && Values.equal(left, right);
    }

    private static String text(Object value) {
        return PythonText.string(value);
    }
}
