package io.llmserve.bench.fairness;

import java.util.Arrays;

/// Max-min fair parts: nobody gets more than it wants, and who gets less than it wants gets no less than others.
final class MaxMin {
    private MaxMin() {}

    static double[] divide(double total, double[] wants) {
        double[] sorted = wants.clone();
        Arrays.sort(sorted);
        double left = total;
        double level = 0;
        for (int i = 0; i < sorted.length; i++) {
            level = left / (sorted.length - i);
            if (sorted[i] >= level) {
                break;
            }
            left -= sorted[i];
        }
        double most = level;
        return Arrays.stream(wants).map(want -> Math.min(want, most)).toArray();
    }
}
