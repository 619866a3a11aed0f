package io.llmserve.bench.fairness;

import io.llmserve.admission.share.Prices;
import io.llmserve.admission.share.Tokens;
import java.util.ArrayList;
import java.util.List;

/// What tenants wanted and received, in units of work, in slices of half a minute; and how evenly.
final class ServiceLog {
    private static final double SLICE_SECONDS = 30;

    private final Prices prices;
    private final List<double[]> wanted = new ArrayList<>();
    private final List<double[]> served = new ArrayList<>();

    ServiceLog(Prices prices) {
        this.prices = prices;
    }

    void wanted(Traffic.Arrival arrival) {
        Tokens all = new Tokens(arrival.promptTokens(), arrival.answerTokens());
        slice(wanted, arrival.seconds())[arrival.tenant()] += prices.of(all);
    }

    void served(double seconds, int tenant, Tokens tokens) {
        slice(served, seconds)[tenant] += prices.of(tokens);
    }

    private static double[] slice(List<double[]> slices, double seconds) {
        int index = (int) (seconds / SLICE_SECONDS);
        while (slices.size() <= index) {
            slices.add(new double[Traffic.TENANTS]);
        }
        return slices.get(index);
    }

    /// Jain's index, 1 where each tenant received its max-min fair part of what was served while it wanted
    /// something, `1 / n` where one of n received all; the mean of slices in which several wanted something.
    double jainsIndex() {
        double[] open = new double[Traffic.TENANTS];
        double sum = 0;
        int slices = 0;
        for (int slice = 0; slice < served.size(); slice++) {
            double[] got = served.get(slice);
            double total = 0;
            int tenants = 0;
            for (int i = 0; i < open.length; i++) {
                open[i] += slice < wanted.size() ? wanted.get(slice)[i] : 0;
                total += got[i];
                tenants += open[i] > 0 ? 1 : 0;
            }
            if (tenants > 1 && total > 0) {
                sum += jain(got, MaxMin.divide(total, open));
                slices++;
            }
            for (int i = 0; i < open.length; i++) {
                open[i] = Math.max(0, open[i] - got[i]);
            }
        }
        return slices == 0 ? 1 : sum / slices;
    }

    private static double jain(double[] got, double[] fair) {
        double sum = 0;
        double squares = 0;
        int count = 0;
        for (int i = 0; i < got.length; i++) {
            if (fair[i] > 0) {
                double share = got[i] / fair[i];
                sum += share;
                squares += share * share;
                count++;
            }
        }
        return squares == 0 ? 1 : sum * sum / (count * squares);
    }
}
