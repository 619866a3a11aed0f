package io.llmserve.app;

import io.llmserve.bench.BenchCommand;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.manifest.NearestName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
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
        return create(arguments).execute(arguments);
    }

    /// All commands; or only the one that the arguments name, as reading the annotations of all of them takes longer
    /// than most of them run.
    static CommandLine create(String... arguments) {
        CommandLine tree = new CommandLine(new RootCommand());
        Map<String, Supplier<Object>> commands = commands();
        Supplier<Object> named = arguments.length == 0 ? null : commands.get(arguments[0]);
        if (named == null) {
            commands.forEach((name, command) -> tree.addSubcommand(name, command.get()));
        } else {
            tree.addSubcommand(arguments[0], named.get());
        }
        tree.setUsageHelpWidth(100);
        tree.setUsageHelpAutoWidth(true);
        tree.setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.wantsColour() ? Ansi.AUTO : Ansi.OFF));
        tree.setCaseInsensitiveEnumValuesAllowed(true);
        tree.setParameterExceptionHandler(CommandTree::refuse);
        tree.setExecutionExceptionHandler(CommandTree::fail);
        return tree;
    }

    /// In the order of the help. Commands of other rooms are registered here.
    private static Map<String, Supplier<Object>> commands() {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("up", UpCommand::new);
        commands.put("worker", WorkerCommand::new);
        commands.put("apply", ApplyCommand::new);
        commands.put("status", StatusCommand::new);
        commands.put("models", ModelsCommand::new);
        commands.put("schema", SchemaCommand::new);
        commands.put("bench", BenchCommand::new);
        commands.put("completion", CompletionCommand::new);
        commands.put("version", VersionCommand::new);
        commands.put("train", TrainCommand::new);
        return commands;
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
