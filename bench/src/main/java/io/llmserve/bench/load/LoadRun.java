package io.llmserve.bench.load;

import io.llmserve.core.Clock;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/// One run against a server: probe, warm-up, load, report. Tells how far it is on `progress`, a line every few
/// seconds.
public final class LoadRun {
    private static final long PROGRESS_NANOS = 5_000_000_000L;

    private final OpenAiEndpoint endpoint;
    private final LoadSettings settings;
    private final PrintWriter progress;

    public LoadRun(OpenAiEndpoint endpoint, LoadSettings settings, PrintWriter progress) {
        this.endpoint = endpoint;
        this.settings = settings;
        this.progress = progress;
    }

    public LoadReport execute() {
        LoadPlan plan = settings.plan();
        LoadSettings.Form form = settings.form();
        String model = settings.model().orElseGet(endpoint::firstModel);
        RequestBody body = new RequestBody(model, form.chat(), form.streamed(), true);
        Probe probe = Probe.of(endpoint, body);
        if (!probe.ignoreEos()) {
            progress.println("the server refuses ignore_eos: answers may be shorter than their shape says");
        }
        OpenAiTarget target = new OpenAiTarget(
                endpoint,
                new RequestBody(model, form.chat(), form.streamed(), probe.ignoreEos()),
                new PromptText(probe.size(), form.sharedTokens(), form.groups(), plan.seed()),
                Clock.SYSTEM);
        warmUp(target);
        LoadStatistics statistics = new LoadStatistics(plan.mix(), settings.objectives());
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            AtomicLong nextLine = new AtomicLong(Clock.SYSTEM.nanos() + PROGRESS_NANOS);
            new LoadGenerator(target, Timeline.SYSTEM, executor).run(plan, outcome -> {
                statistics.add(outcome);
                tell(statistics, nextLine);
            });
        }
        return statistics.report(new LoadReport.Setting(
                endpoint.base().toString(), model, words(plan.pace()), form.streamed(), plan.seed()));
    }

    /// Requests that no plan contains, so that they leave no prefix behind for the measured ones.
    private void warmUp(OpenAiTarget target) {
        for (int i = 0; i < settings.warmup(); i++) {
            Shape shape = settings.plan()
                    .mix()
                    .shapes()
                    .get(i % settings.plan().mix().shapes().size());
            target.send(new PlannedRequest(-1 - i, shape, 0), Clock.SYSTEM.nanos());
        }
    }

    private void tell(LoadStatistics statistics, AtomicLong nextLine) {
        long now = Clock.SYSTEM.nanos();
        long due = nextLine.get();
        if (now - due >= 0 && nextLine.compareAndSet(due, now + PROGRESS_NANOS)) {
            LoadReport.Counts counts = statistics.counts();
            progress.printf(
                    Locale.ROOT,
                    "%d answers, %d failed, %d tokens%n",
                    counts.complete(),
                    counts.failed(),
                    counts.outputTokens());
            progress.flush();
        }
    }

    private static String words(LoadPlan.Pace pace) {
        return switch (pace) {
            case LoadPlan.Pace.OpenLoop(Arrivals.Poisson arrivals) ->
                String.format(Locale.ROOT, "poisson %.2f/s", arrivals.perSecond());
            case LoadPlan.Pace.OpenLoop(Arrivals.Constant arrivals) ->
                String.format(Locale.ROOT, "constant %.2f/s", arrivals.perSecond());
            case LoadPlan.Pace.ClosedLoop closed -> closed.users() + " users";
        };
    }
}
