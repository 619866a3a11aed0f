package io.llmserve.app;

import io.llmserve.core.Clock;
import java.util.Locale;

/// Tells how a start comes along: one line redrawn on a terminal, one line for each finished step elsewhere. Used by
/// one thread.
final class ProgressLine {
    private static final long REDRAW_NANOS = 80_000_000;
    private static final int BAR_COLUMNS = 24;
    private static final String CLEAR = "\r\033[K";

    private final Terminal terminal;
    private final Clock clock;
    private String step = "";
    private long stepStart;
    private long lastDrawn;
    private long firstUnits = -1;
    private long firstUnitsAt;
    private long doneUnits;

    ProgressLine(Terminal terminal, Clock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    /// Begins a step such as "Loading weights"; the one before is finished.
    void begin(String words) {
        finish();
        step = words;
        stepStart = clock.nanos();
        lastDrawn = stepStart - REDRAW_NANOS;
        firstUnits = -1;
        doneUnits = 0;
        draw(words + " ...");
    }

    /// Begins a step that may take long for reasons that the user must know: told at once everywhere.
    void announce(String words) {
        begin(words);
        if (!terminal.interactive()) {
            terminal.line(words + " ...");
        }
    }

    /// @param total 0 or less where unknown
    /// @param bytes whether the units are bytes, shown with rate and time left
    void update(long done, long total, boolean bytes) {
        long now = clock.nanos();
        if (firstUnits < 0) {
            firstUnits = done;
            firstUnitsAt = now;
        }
        doneUnits = done;
        boolean last = done == total;
        if (terminal.interactive() && (last || now - lastDrawn >= REDRAW_NANOS)) {
            draw(step + "  " + bar(done, total) + (bytes ? "  " + amounts(done, total, now) : ""));
        }
    }

    /// Shows the time that has passed too, as such steps may take minutes.
    ///
    /// @param words what is being done now; empty where that is not known
    void update(long done, long total, String words) {
        long now = clock.nanos();
        if (terminal.interactive() && now - lastDrawn >= REDRAW_NANOS) {
            draw("%s  %s  %s  %s".formatted(step, bar(done, total), Amounts.seconds(now - stepStart), words));
        }
    }

    /// Ends the current step, if there is one, with the time that it took.
    void finish() {
        if (step.isEmpty()) {
            return;
        }
        String took = Amounts.seconds(clock.nanos() - stepStart);
        String size = doneUnits > 1_000_000 ? "  " + Amounts.bytes(doneUnits) : "";
        terminal.line((terminal.interactive() ? CLEAR : "") + step + terminal.dim(size + "  " + took));
        step = "";
    }

    /// Removes the unfinished line, before an error is told.
    void abandon() {
        if (!step.isEmpty() && terminal.interactive()) {
            terminal.out().print(CLEAR);
            terminal.out().flush();
        }
        step = "";
    }

    private void draw(String text) {
        if (!terminal.interactive()) {
            return;
        }
        lastDrawn = clock.nanos();
        int columns = Math.max(20, terminal.columns() - 1);
        terminal.out().print(CLEAR + (text.length() > columns ? text.substring(0, columns) : text));
        terminal.out().flush();
    }

    private String bar(long done, long total) {
        if (total <= 0) {
            return "";
        }
        int filled = (int) Math.min(BAR_COLUMNS, done * BAR_COLUMNS / total);
        String full = terminal.unicode() ? "█" : "#";
        String empty = terminal.unicode() ? "░" : ".";
        String percent = String.format(Locale.ROOT, "%3d%%", Math.min(100, done * 100 / total));
        return full.repeat(filled) + empty.repeat(BAR_COLUMNS - filled) + " " + percent;
    }

    /// The rate is that of this run: what a resumed download already had does not count.
    private String amounts(long done, long total, long now) {
        double seconds = (now - firstUnitsAt) / 1e9;
        double rate = seconds > 0.2 ? (done - firstUnits) / seconds : 0;
        String text = total > 0 ? Amounts.bytes(done) + " of " + Amounts.bytes(total) : Amounts.bytes(done);
        if (rate < 1) {
            return text;
        }
        text += "  " + Amounts.bytes((long) rate) + "/s";
        return total > done ? text + "  " + Amounts.timeLeft((long) Math.ceil((total - done) / rate)) : text;
    }
}
