package io.llmserve.app;

import io.llmserve.bench.BenchCommand;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.manifest.NearestName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/// All commands, and what they have in common: one clear sentence for every failure, and the exit codes.
final class CommandTree {
    private CommandTree() {}

    static int run(String... arguments) {
        return create().execute(arguments);
    }

    /// The subcommands of other rooms are registered here.
    static CommandLine create() {
        CommandLine tree = new CommandLine(new RootCommand());
        tree.addSubcommand(new UpCommand());
        tree.addSubcommand(new ApplyCommand());
        tree.addSubcommand(new StatusCommand());
        tree.addSubcommand(new ModelsCommand());
        tree.addSubcommand(new SchemaCommand());
        tree.addSubcommand(new BenchCommand());
        tree.addSubcommand(new CompletionCommand());
        tree.addSubcommand(new VersionCommand());
        tree.addSubcommand(new TrainCommand());
        tree.setUsageHelpWidth(100);
        tree.setUsageHelpAutoWidth(true);
        tree.setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.wantsColour() ? Ansi.AUTO : Ansi.OFF));
        tree.setCaseInsensitiveEnumValuesAllowed(true);
        tree.setParameterExceptionHandler(CommandTree::refuse);
        tree.setExecutionExceptionHandler(CommandTree::fail);
        return tree;
    }

    private static int refuse(ParameterException wrong, String... arguments) {
        CommandLine command = wrong.getCommandLine();
        List<String> known = names(command.getCommandSpec());
        String message = unknown(wrong, known, arguments)
                .map(typed -> "unknown argument '%s'%s".formatted(typed, suggestion(typed, known)))
                .orElseGet(() -> firstLine(wrong));
        command.getErr().println("llmserve: " + message);
        command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return ExitCode.USAGE;
    }

    /// What the command does not have. A mistyped flag counts before the required one that is missing for it.
    private static Optional<String> unknown(ParameterException wrong, List<String> known, String... arguments) {
        if (wrong instanceof UnmatchedArgumentException unmatched) {
            return unmatched.getUnmatched().stream().findFirst();
        }
        return Arrays.stream(arguments)
                .filter(argument -> argument.startsWith("--") && !known.contains(argument.replaceFirst("=.*", "")))
                .findFirst();
    }

    private static int fail(Exception failure, CommandLine command, ParseResult parsed) {
        boolean verbose = parsed.matchedOptionValue("--verbose", false) || verboseBelow(parsed);
        if (verbose) {
            failure.printStackTrace(command.getErr());
        } else {
            command.getErr().println(FailureText.of(failure));
        }
        return failure instanceof ServeException serve && serve.failure() == Failure.CONFIGURATION
                ? ExitCode.USAGE
                : ExitCode.FAILED;
    }

    private static boolean verboseBelow(ParseResult parsed) {
        return parsed.subcommands().stream()
                .anyMatch(below -> below.matchedOptionValue("--verbose", false) || verboseBelow(below));
    }

    private static String firstLine(ParameterException wrong) {
        String message = String.valueOf(wrong.getMessage());
        return message.lines().findFirst().orElse("").replaceAll("[.]$", "");
    }

    private static String suggestion(String typed, List<String> known) {
        return NearestName.of(typed.replaceFirst("=.*", ""), known)
                .map(name -> "; did you mean " + name + "?")
                .orElse("");
    }

    private static List<String> names(CommandSpec spec) {
        List<String> names = new ArrayList<>(spec.optionsMap().keySet());
        names.addAll(spec.subcommands().keySet());
        return names;
    }
}
