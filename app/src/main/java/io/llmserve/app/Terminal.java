package io.llmserve.app;

import java.io.PrintStream;
import java.util.Locale;

/// What the user's terminal can show. Progress and banner go to standard error, answers to standard output.
///
/// @param interactive lines may be redrawn
/// @param colour escape codes may be written
record Terminal(PrintStream out, boolean interactive, boolean colour, int columns) {
    private static final int USUAL_COLUMNS = 80;

    /// The terminal that this process was started on; the launcher says whether standard error is one.
    static Terminal standardError() {
        boolean interactive = Boolean.getBoolean("llmserve.interactive") && !"dumb".equals(System.getenv("TERM"));
        return new Terminal(
                System.err,
                interactive,
                interactive && wantsColour(),
                Integer.getInteger("llmserve.columns", USUAL_COLUMNS));
    }

    /// See https://no-color.org.
    static boolean wantsColour() {
        String refusal = System.getenv("NO_COLOR");
        return refusal == null || refusal.isEmpty();
    }

    String bold(String text) {
        return colour ? "\033[1m" + text + "\033[0m" : text;
    }

    String dim(String text) {
        return colour ? "\033[2m" + text + "\033[0m" : text;
    }

    /// Whether block characters can be shown.
    boolean unicode() {
        String locale = System.getenv()
                .getOrDefault(
                        "LC_ALL",
                        System.getenv().getOrDefault("LC_CTYPE", System.getenv().getOrDefault("LANG", "")));
        return locale.toLowerCase(Locale.ROOT).replace("-", "").contains("utf8");
    }

    void line(String text) {
        out.println(text);
        out.flush();
    }
}
