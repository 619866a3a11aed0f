package io.llmserve.app;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A page of Prometheus metrics, read for `status`.
record MetricsPage(List<Sample> samples) {
    private static final Pattern SAMPLE =
            Pattern.compile("([A-Za-z_:][\\w:]*)(?:\\{(.*)})? ([-+]?[0-9][-+.0-9eE]*)(?: \\d+)?");
    private static final Pattern LABEL = Pattern.compile("([A-Za-z_]\\w*)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    private static final Pattern ESCAPED = Pattern.compile("\\\\(.)");

    record Sample(String name, Map<String, String> labels, double value) {
        String label(String label) {
            return labels.getOrDefault(label, "");
        }
    }

    static MetricsPage parse(String text) {
        return new MetricsPage(text.lines()
                .map(SAMPLE::matcher)
                .filter(Matcher::matches)
                .map(sample ->
                        new Sample(sample.group(1), labels(sample.group(2)), Double.parseDouble(sample.group(3))))
                .toList());
    }

    private static Map<String, String> labels(@Nullable String text) {
        Map<String, String> labels = new HashMap<>();
        if (text != null) {
            Matcher label = LABEL.matcher(text);
            while (label.find()) {
                labels.put(label.group(1), unescaped(label.group(2)));
            }
        }
        return labels;
    }

    private static String unescaped(String written) {
        return ESCAPED.matcher(written)
                .replaceAll(pair -> Matcher.quoteReplacement(pair.group(1).equals("n") ? "\n" : pair.group(1)));
    }

    Stream<Sample> of(String name) {
        return samples.stream().filter(sample -> sample.name().equals(name));
    }

    /// Over all labels; 0 where there is none.
    double sum(String name) {
        return of(name).mapToDouble(Sample::value).sum();
    }

    double sum(String name, String label, String value) {
        return of(name).filter(sample -> sample.label(label).equals(value))
                .mapToDouble(Sample::value)
                .sum();
    }

    /// Over all labels; 0 where there is none.
    double mean(String name) {
        return of(name).mapToDouble(Sample::value).average().orElse(0);
    }
}
