package io.llmserve.app;

import java.io.FileOutputStream;
import java.io.IOException;
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
    /// therefore starts it with standard error aside and names here what was the user's.
    private static void takeBackStandardError() {
        String path = System.getProperty("llmserve.stderr", "");
        if (path.isEmpty()) {
            return;
        }
        try {
            FileOutputStream users = new FileOutputStream(path, true);
            System.setErr(new PrintStream(users, true, StandardCharsets.UTF_8));
        } catch (IOException failure) {
            System.out.println("llmserve: cannot write to standard error: " + failure.getMessage());
        }
    }
}
