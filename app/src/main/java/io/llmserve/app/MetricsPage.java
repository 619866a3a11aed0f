package io.llmserve.app;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A page of Prometheus metrics, read for `status`: the sum of each name over all its labels.
record MetricsPage(Map<String, Double> sums) {
    private static final Pattern SAMPLE =
            Pattern.compile("([A-Za-z_:][\\w:]*)(?:\\{.*})? ([-+]?[0-9][-+.0-9eE]*)(?: \\d+)?");

    static MetricsPage parse(String text) {
        Map<String, Double> sums = new HashMap<>();
        text.lines()
                .map(SAMPLE::matcher)
                .filter(Matcher::matches)
                .forEach(sample -> sums.merge(sample.group(1), Double.parseDouble(sample.group(2)), Double::sum));
        return new MetricsPage(sums);
    }

    double sum(String name) {
        return sums.getOrDefault(name, 0.0);
    }
}
