package io.llmserve.app;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// `llmserve`: the entry point of the process. The launcher script starts it; see [CommandTree] for what it can do.
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        Main.takeBackStandardError();
        int exitCode = CommandTree.run(arguments);
        System.out.flush();
        System.exit(exitCode);
    }

    /// The JVM prints a warning about the incubating Vector API before any code of ours runs. The launcher
    /// therefore starts it with nobody's standard error, and with the user's as descriptor 0: this program reads no
    /// input. Unlike a file opened by its path, a descriptor shares its position with whoever else writes there.
    private static void takeBackStandardError() {
        if ("0".equals(System.getProperty("llmserve.stderr"))) {
            System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.in), true, StandardCharsets.UTF_8));
        }
    }
}
