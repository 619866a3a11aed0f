package io.llmserve.bench.load;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// Gathers outcomes, row by row. Safe from any thread.
public final class LoadStatistics {
    private final Objectives objectives;
    private final Map<String, Tally> rows = new LinkedHashMap<>();
    private final Tally all = new Tally();
    private long firstScheduled = Long.MAX_VALUE;
    private long lastEnd = Long.MIN_VALUE;

    public LoadStatistics(Mix mix, Objectives objectives) {
        this.objectives = objectives;
        mix.shapes().forEach(shape -> rows.put(shape.name(), new Tally()));
    }

    public synchronized void add(Outcome outcome) {
        firstScheduled = Math.min(firstScheduled, outcome.timing().scheduled());
        lastEnd = Math.max(lastEnd, outcome.timing().end());
        boolean good = objectives.metBy(outcome);
        rows.computeIfAbsent(outcome.shape().name(), name -> new Tally()).add(outcome, good);
        all.add(outcome, good);
    }

    /// Requests ended so far, and how many of them failed.
    public synchronized LoadReport.Counts counts() {
        return all.counts();
    }

    public synchronized LoadReport report(LoadReport.Setting setting) {
        double seconds = all.requests == 0 ? 0 : (lastEnd - firstScheduled) / 1e9;
        var reported = new java.util.ArrayList<LoadReport.Row>();
        rows.forEach((name, tally) -> reported.add(tally.row(name, seconds)));
        reported.add(all.row(LoadReport.ALL, seconds));
        return new LoadReport(setting, seconds, reported);
    }

    private static final class Tally {
        private final Latencies latencies = new Latencies();
        private final Map<String, Long> errors = new TreeMap<>();
        private long requests;
        private long complete;
        private long good;
        private long promptTokens;
        private long cachedTokens;
        private long outputTokens;

        void add(Outcome outcome, boolean withinObjectives) {
            requests++;
            if (!outcome.complete()) {
                errors.merge(outcome.error(), 1L, Long::sum);
                return;
            }
            complete++;
            good += withinObjectives ? 1 : 0;
            promptTokens += outcome.usage().promptTokens();
            cachedTokens += outcome.usage().cachedTokens();
            outputTokens += outcome.usage().outputTokens();
            latencies.add(outcome);
        }

        LoadReport.Counts counts() {
            return new LoadReport.Counts(requests, complete, good, errors, promptTokens, cachedTokens, outputTokens);
        }

        LoadReport.Row row(String name, double seconds) {
            double perSecond = seconds > 0 ? 1 / seconds : 0;
            return new LoadReport.Row(
                    name,
                    counts(),
                    new LoadReport.Rates(
                            complete * perSecond, good * perSecond, promptTokens * perSecond, outputTokens * perSecond),
                    latencies.summary());
        }
    }
}
