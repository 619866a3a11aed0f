package io.llmserve.text.jinja;

/// The part of a text that `find(sub, start, end)` and its kin look at. Positions are counted in code points.
///
/// @param start of the part in the whole
record Range(String part, int start) {
    /// By the second and third argument.
    static Range of(String text, Arguments arguments) {
        if (arguments.positional().size() < 2) {
            return new Range(text, 0);
        }
        int length = text.codePointCount(0, text.length());
        int start = bound(arguments.number(1, "start", 0), length);
        int end = Math.max(start, bound(arguments.number(2, "end", length), length));
        int from = text.offsetByCodePoints(0, start);
        return new Range(text.substring(from, text.offsetByCodePoints(from, end - start)), start);
    }

    private static int bound(int given, int length) {
        return Math.clamp(given < 0 ? (long) given + length : given, 0, length);
    }

    boolean startsWith(String prefix) {
        return part.startsWith(prefix);
    }

    boolean endsWith(String suffix) {
        return part.endsWith(suffix);
    }

    long find(Arguments arguments) {
        return position(part.indexOf(wanted(arguments)));
    }

    long findLast(Arguments arguments) {
        return position(part.lastIndexOf(wanted(arguments)));
    }

    /// A failure where there is none.
    static long found(long position) {
        if (position < 0) {
            throw new TemplateException("substring not found");
        }
        return position;
    }

    private String wanted(Arguments arguments) {
        String wanted = TextMethods.text(arguments.require(0, "sub"));
        Budget.spendSearch(part, wanted);
        return wanted;
    }

    private long position(int at) {
        return at < 0 ? -1 : start + part.codePointCount(0, at);
    }
}
