package io.llmserve.core;

/// Preconditions of values. A failed check is a programming error of the caller, not bad user input: that is
/// [ServeException].
public final class Checks {
    private Checks() {}

    /// Throws [IllegalArgumentException] with the formatted message unless `holds`.
    public static void check(boolean holds, String message, Object... arguments) {
        if (!holds) {
            throw new IllegalArgumentException(message.formatted(arguments));
        }
    }
}
