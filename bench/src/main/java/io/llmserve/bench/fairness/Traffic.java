package io.llmserve.bench.fairness;

import static io.llmserve.core.Checks.check;

import io.llmserve.bench.fleet.StepCosts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/// Requests of eight tenants: seven out of ten are short (100 tokens of prompt, 40 of answer, on average), the others
/// long (1,500 and 200), lengths from half to one and a half of that.
///
/// @param load of the tenants together: 1 is about what one worker can do
/// @param seconds in which requests come
public record Traffic(Pattern pattern, double load, double seconds, long seed) {
    static final int TENANTS = 8;
    private static final double SHORT_SHARE = 0.7;
    private static final int BURST = 20;
    /// Streams of a busy worker, between which the cost of a step is divided.
    private static final int SHARING = 8;

    /// How they come.
    public enum Pattern {
        /// Each tenant on its own, all alike.
        MIXED,
        /// As mixed, at three fifths of the load; from the first quarter of the time to the third, the last tenant
        /// sends long requests at the load twice over.
        FLOOD,
        /// Each tenant sends twenty requests at once, now and then.
        BURSTS;

        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /// @param seconds when it comes
    record Arrival(double seconds, int tenant, int promptTokens, int answerTokens, boolean isShort) {}

    public Traffic {
        check(load > 0 && load < 100, "a load of %s", load);
        check(seconds > 0, "requests come for %s s", seconds);
    }

    /// In the order in which they come.
    List<Arrival> arrivals(StepCosts costs) {
        List<Arrival> all = new ArrayList<>();
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            SplittableRandom random = new SplittableRandom(seed * TENANTS + tenant);
            double rate = load / TENANTS / meanSeconds(costs, SHORT_SHARE);
            switch (pattern) {
                case MIXED -> poisson(all, tenant, rate, SHORT_SHARE, 0, seconds, 1, random);
                case BURSTS -> poisson(all, tenant, rate / BURST, SHORT_SHARE, 0, seconds, BURST, random);
                case FLOOD -> {
                    poisson(all, tenant, 0.6 * rate, SHORT_SHARE, 0, seconds, 1, random);
                    if (tenant == TENANTS - 1) {
                        double flood = 2 * load / meanSeconds(costs, 0);
                        poisson(all, tenant, flood, 0, seconds / 4, seconds / 2, 1, random);
                    }
                }
            }
        }
        all.sort(Comparator.comparingDouble(Arrival::seconds));
        return all;
    }

    /// The tenant that floods, or -1.
    int flooding() {
        return pattern == Pattern.FLOOD ? TENANTS - 1 : -1;
    }

    private static void poisson(
            List<Arrival> all,
            int tenant,
            double rate,
            double shortShare,
            double from,
            double to,
            int atOnce,
            SplittableRandom random) {
        double time = from;
        while (true) {
            time -= Math.log(1 - random.nextDouble()) / rate;
            if (time >= to) {
                return;
            }
            for (int i = 0; i < atOnce; i++) {
                boolean isShort = random.nextDouble() < shortShare;
                all.add(new Arrival(
                        time,
                        tenant,
                        around(isShort ? 100 : 1_500, random),
                        around(isShort ? 40 : 200, random),
                        isShort));
            }
        }
    }

    private static int around(int mean, SplittableRandom random) {
        return Math.max(1, (int) (mean * (0.5 + random.nextDouble())));
    }

    private static double meanSeconds(StepCosts costs, double shortShare) {
        return shortShare * seconds(costs, 100, 40) + (1 - shortShare) * seconds(costs, 1_500, 200);
    }

    private static double seconds(StepCosts costs, int prompt, int answer) {
        return prompt * costs.prefillToken() + answer * (costs.sequence() + costs.step() / SHARING);
    }
}
