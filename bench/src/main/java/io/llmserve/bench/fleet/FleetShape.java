package io.llmserve.bench.fleet;

import static io.llmserve.core.Checks.check;

import io.llmserve.routing.LeastInFlight;
import io.llmserve.routing.Picker;
import io.llmserve.routing.RoundRobin;
import io.llmserve.routing.SplitOptions;
import java.util.Locale;

/// So many workers of each kind; `both` do everything, the others one half.
///
/// @param killEverySeconds one worker, in turn, is killed and comes back after `backSeconds`; 0: none
public record FleetShape(
        int prefill,
        int decode,
        int both,
        SplitOptions split,
        Policy policy,
        double killEverySeconds,
        double backSeconds) {
    /// Which worker of a kind gets the next request.
    public enum Policy {
        LEAST_IN_FLIGHT,
        ROUND_ROBIN;

        /// `least-in-flight` or `round-robin`.
        public static Policy byName(String name) {
            for (Policy policy : values()) {
                if (policy.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(name)) {
                    return policy;
                }
            }
            throw new IllegalArgumentException("a policy is least-in-flight or round-robin, got " + name);
        }

        Picker picker() {
            return switch (this) {
                case LEAST_IN_FLIGHT -> new LeastInFlight();
                case ROUND_ROBIN -> new RoundRobin();
            };
        }
    }

    public FleetShape {
        check(prefill >= 0 && decode >= 0 && both >= 0, "a fleet has no negative workers");
        check(decode + both > 0, "somebody must decode");
        check(killEverySeconds >= 0 && backSeconds >= 0, "times are not negative");
    }

    public static FleetShape together(int workers, Policy policy) {
        return new FleetShape(0, 0, workers, SplitOptions.LEARNED, policy, 0, 0);
    }

    public static FleetShape apart(int prefill, int decode, SplitOptions split, Policy policy) {
        return new FleetShape(prefill, decode, 0, split, policy, 0, 0);
    }

    public FleetShape killing(double everySeconds, double back) {
        return new FleetShape(prefill, decode, both, split, policy, everySeconds, back);
    }

    public int workers() {
        return prefill + decode + both;
    }

    /// `16`, or `4P+12D`.
    public String label() {
        return prefill == 0 && decode == 0 ? "" + both : prefill + "P+" + (decode + both) + "D";
    }
}
