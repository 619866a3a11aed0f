package io.llmserve.app;

/// How the process ends; part of the promise to scripts.
final class ExitCode {
    static final int DONE = 0;
    /// It could not be done: the sentence on standard error says why.
    static final int FAILED = 1;
    /// The command line or the manifest is wrong; nothing was started.
    static final int USAGE = 2;

    /// A second Ctrl-C cut answers that were running: as shells say that SIGINT ended a program.
    static final int CUT = 130;

    private ExitCode() {}
}
