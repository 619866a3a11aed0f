package io.llmserve.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "llmserve",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Serves language models over the OpenAI API, from one command.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done; also after Ctrl-C, when all running answers were finished",
            "1:it failed; the sentence on standard error says why",
            "2:the command line or the manifest is wrong; nothing was started",
            "130:a second Ctrl-C cut answers that were still running"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  llmserve up                                   a small model on http://127.0.0.1:8000",
            "  llmserve up --model file:model.gguf -p 9000   your own model, another port",
            "  llmserve up -f llmserve.yaml                  what the manifest says",
            "  llmserve apply -f llmserve.yaml               check a manifest, show what would change",
            "  llmserve models pull hf://org/name            fetch a model for later",
            "",
            "Environment: LOG_LEVEL (error, warn, info, debug), NO_COLOR, JAVA_HOME, LLMSERVE_HOME (models)."
        })
final class RootCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--verbose",
            description = "Say more; show the origin of failures.",
            scope = picocli.CommandLine.ScopeType.INHERIT)
    private boolean verbose;

    boolean verbose() {
        return verbose;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }
}
