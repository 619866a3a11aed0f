package io.llmserve.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/// Arithmetic and its cousins on texts and lists.
final class Operators {
    private static final int MAXIMUM_REPEATED = 1 << 20;

    private Operators() {}

    static Object apply(String operator, Object left, Object right) {
        if (operator.equals("~")) {
            return joined(PythonText.string(left), PythonText.string(right));
        }
        Values.failIfUndefined(left);
        Values.failIfUndefined(right);
        if (operator.equals("%") && left instanceof String format) {
            return Formats.percent(format, right);
        }
        if (Values.isNumber(left) && Values.isNumber(right)) {
            return isWhole(left) && isWhole(right)
                    ? whole(operator, whole(left), whole(right))
                    : real(operator, Values.number(left), Values.number(right));
        }
        return switch (operator) {
            case "+" -> sum(left, right);
            case "*" -> left instanceof Long ? repeated(right, left) : repeated(left, right);
            default -> throw unsupported(operator, left, right);
        };
    }

    static Object negated(Object value) {
        return isWhole(value) ? whole("-", 0, whole(value)) : (Object) (-Values.number(value));
    }

    private static boolean isWhole(Object value) {
        return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
    }

    private static long whole(Object value) {
        return switch (value) {
            case Long number -> number;
            case BigInteger _ -> throw tooLarge();
            default -> (long) Values.number(value);
        };
    }

    private static Object whole(String operator, long x, long y) {
        try {
            return switch (operator) {
                case "+" -> Math.addExact(x, y);
                case "-" -> Math.subtractExact(x, y);
                case "*" -> Math.multiplyExact(x, y);
                case "//" -> Math.floorDivExact(x, y);
                case "%" -> Math.floorMod(x, y);
                case "**" -> y >= 0 ? (Object) power(x, y) : (Object) Math.pow((double) x, (double) y);
                case "/" -> quotient((double) x, (double) y);
                default -> throw unsupported(operator, x, y);
            };
        } catch (ArithmeticException e) {
            throw y == 0 ? new TemplateException("division by zero") : tooLarge();
        }
    }

    private static TemplateException tooLarge() {
        return new TemplateException("a number is too large");
    }

    private static long power(long base, long exponent) {
        BigInteger power = exponent > Long.SIZE && Math.abs(base) > 1
                ? BigInteger.ONE.shiftLeft(Long.SIZE)
                : BigInteger.valueOf(base).pow((int) Math.min(exponent, Long.SIZE + (exponent & 1)));
        return power.longValueExact();
    }

    private static double quotient(double a, double b) {
        if (b == 0) {
            throw new TemplateException("division by zero");
        }
        return a / b;
    }

    private static Object real(String operator, double a, double b) {
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> quotient(a, b);
            case "//" -> Math.floor(quotient(a, b));
            case "%" -> a - b * Math.floor(quotient(a, b));
            default -> Math.pow(a, b);
        };
    }

    private static Object sum(Object left, Object right) {
        if (left instanceof String a && right instanceof String b) {
            return joined(a, b);
        }
        if (left instanceof List<?> a
                && right instanceof List<?> b
                && left instanceof Tuple == right instanceof Tuple) {
            Budget.spend(a.size() + b.size());
            List<Object> joined = new ArrayList<>(a);
            joined.addAll(b);
            return left instanceof Tuple ? Tuple.copyOf(joined) : joined;
        }
        if (left instanceof String) {
            throw new TemplateException(
                    "can only concatenate str (not \"%s\") to str".formatted(Values.typeName(right)));
        }
        throw unsupported("+", left, right);
    }

    private static String joined(String left, String right) {
        Budget.spendText((long) left.length() + right.length());
        return left + right;
    }

    private static Object repeated(Object value, Object times) {
        if (times instanceof Long count) {
            int copies = Math.clamp(count, 0, Integer.MAX_VALUE);
            if (value instanceof String text) {
                checkSize((long) text.length() * copies);
                return text.repeat(copies);
            }
            if (value instanceof List<?> list) {
                checkSize((long) list.size() * copies);
                List<Object> repeated = new ArrayList<>();
                for (int i = 0; i < copies; i++) {
                    repeated.addAll(list);
                }
                return repeated;
            }
        }
        throw unsupported("*", value, times);
    }

    private static void checkSize(long size) {
        Budget.spend(size / 32);
        if (size > MAXIMUM_REPEATED) {
            throw new TemplateException(
                    "a repetition has %d elements; at most %d are allowed".formatted(size, MAXIMUM_REPEATED));
        }
    }

    private static TemplateException unsupported(String operator, Object left, Object right) {
        return new TemplateException("unsupported operand type(s) for %s: '%s' and '%s'"
                .formatted(operator, Values.typeName(left), Values.typeName(right)));
    }
}
