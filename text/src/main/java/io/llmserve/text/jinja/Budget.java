package io.llmserve.text.jinja;

/// What one rendering may still do. A template is a program that came with a model: whatever it is, it ends, in time
/// and memory that have a bound. Every value looked at costs a step, long texts cost more; what would cost more than
/// is left fails before it is done. Bound to the thread that renders.
final class Budget {
    private static final ScopedValue<Budget> CURRENT = ScopedValue.newInstance();
    private static final long MAXIMUM_STEPS = 10_000_000;
    /// UTF-16 units that cost as much as one step.
    private static final int TEXT_OF_A_STEP = 32;
    /// A text sought in another is compared at each position, in the worst case to its end: up to this length that
    /// counts as one comparison.
    private static final int SHORT_PART = 64;
    static final int MAXIMUM_TEXT = 1 << 25;

    private long steps;

    /// Runs one rendering.
    static String limit(ScopedValue.CallableOp<String, TemplateException> rendering) {
        return ScopedValue.where(CURRENT, new Budget()).call(rendering);
    }

    static void spend(long steps) {
        Budget budget = CURRENT.get();
        budget.steps += steps;
        if (budget.steps > MAXIMUM_STEPS) {
            throw new TemplateException("the template takes more than %d steps".formatted(MAXIMUM_STEPS));
        }
    }

    /// @param length of a text that is read or made, in UTF-16 units
    static void spendText(long length) {
        if (length > MAXIMUM_TEXT) {
            throw new TemplateException("the template makes a text of %d characters; at most %d are allowed"
                    .formatted(length, MAXIMUM_TEXT));
        }
        spend(1 + length / TEXT_OF_A_STEP);
    }

    static void spendSearch(String text, String part) {
        spend(1 + (long) text.length() / TEXT_OF_A_STEP * (1 + part.length() / SHORT_PART));
    }

    /// Reads all of a value, but not of the values in it.
    static void spendOn(Object value) {
        if (value instanceof String text) {
            spendText(text.length());
        }
    }

    static void append(StringBuilder out, String text) {
        spendText(
                (long) out.length() + text.length() > MAXIMUM_TEXT
                        ? (long) out.length() + text.length()
                        : text.length());
        out.append(text);
    }
}
