package io.llmserve.app;

import io.llmserve.app.InstanceRegistry.Instance;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.manifest.FlatManifest;
import io.llmserve.manifest.FlatManifest.Change;
import io.llmserve.manifest.ManifestReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "apply",
        mixinStandardHelpOptions = true,
        description = {
            "Checks a manifest and prints the plan: what it changes in the instance that runs under its name.",
            "Nothing is changed: an instance takes a manifest when it starts."
        },
        footerHeading = "%nExample:%n",
        footer = "  llmserve apply -f llmserve.yaml")
final class ApplyCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            required = true,
            description = "The manifest.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Override
    public void run() {
        FlatManifest wanted =
                FlatManifest.of(new ManifestReader(Map.of()).readFile(file).orThrow());
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%s is valid.%n", file);
        printPlan(out, wanted, runningUnder(wanted.values().getOrDefault("metadata.name", "")));
        out.flush();
    }

    private static Optional<Instance> runningUnder(String name) {
        try {
            return InstanceRegistry.ofUser().running().stream()
                    .filter(instance -> instance.value("metadata.name").equals(name))
                    .findFirst();
        } catch (IOException failure) {
            throw new ServeException(
                    Failure.INTERNAL, "the list of running instances cannot be read: " + failure, failure);
        }
    }

    static void printPlan(PrintWriter out, FlatManifest wanted, Optional<Instance> running) {
        String name = wanted.values().getOrDefault("metadata.name", "");
        if (running.isEmpty()) {
            out.printf("No instance named %s runs here; `llmserve up` would start one with:%n", name);
            wanted.values().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .filter(field -> field.getKey().startsWith("spec."))
                    .forEach(field -> out.printf("  %s: %s%n", field.getKey(), field.getValue()));
            return;
        }
        Instance instance = running.get();
        List<Change> changes = instance.manifest().changesTo(wanted);
        if (changes.isEmpty()) {
            out.printf("Nothing changes: process %d runs with exactly this.%n", instance.processId());
            return;
        }
        out.printf("%d fields change for process %d:%n", changes.size(), instance.processId());
        changes.forEach(change -> out.printf("  %s%n", change));
        out.println(
                "All of them need a restart: stop the process (Ctrl-C or SIGTERM; it finishes running answers), then"
                        + " `llmserve up -f` again.");
    }
}
