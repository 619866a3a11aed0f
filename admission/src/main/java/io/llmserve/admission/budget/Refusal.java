package io.llmserve.admission.budget;

import io.llmserve.core.Failure;
import java.time.Duration;
import java.util.Optional;

/// Why a request, or more of one, is not taken: whose limit, which one, and the numbers.
///
/// @param who "tenant acme" or "all tenants"
/// @param limitLabel the value of a metric's label
/// @param limitWords the limit's name and unit, for people
/// @param used of it
/// @param asked in addition
/// @param because what the server is saturated with; empty where that is no matter
/// @param retryAfter when it may go; zero where it never will
public record Refusal(
        Kind kind,
        String who,
        String limitLabel,
        String limitWords,
        long used,
        long asked,
        long limit,
        String because,
        Duration retryAfter) {
    public enum Kind {
        /// More than the limit, even if nothing else were there.
        TOO_LARGE(Failure.TOO_LARGE),
        OVER_BUDGET(Failure.OVERLOADED),
        /// Too many wait already.
        QUEUE_FULL(Failure.OVERLOADED),
        /// Its turn did not come in time.
        WAITED_TOO_LONG(Failure.UNAVAILABLE);

        private final Failure failure;

        Kind(Failure failure) {
            this.failure = failure;
        }
    }

    static Refusal of(Resource resource, String who, long used, long asked, long limit, long retryNanos) {
        boolean never = asked > limit;
        return new Refusal(
                never ? Kind.TOO_LARGE : Kind.OVER_BUDGET,
                who,
                resource.label(),
                resource.words(),
                used,
                asked,
                limit,
                "",
                never ? Duration.ZERO : Duration.ofNanos(Math.max(1, retryNanos)));
    }

    /// There are `used` of `limit` already, as what `blocked` says is taken.
    public static Refusal saturated(
            Kind kind,
            String label,
            String words,
            long used,
            long limit,
            Optional<Refusal> blocked,
            Duration retryAfter) {
        return new Refusal(
                kind,
                "all tenants",
                label,
                words,
                used,
                1,
                limit,
                blocked.map(Refusal::taken).orElse(""),
                retryAfter);
    }

    private String taken() {
        return " %d of %d %s are taken.".formatted(used, limit, limitWords);
    }

    public Failure failure() {
        return kind.failure;
    }

    public String message() {
        return switch (kind) {
            case TOO_LARGE ->
                "This request needs %d %s; the limit of %s is %d.".formatted(asked, limitWords, who, limit);
            case OVER_BUDGET ->
                "%s: %d of %d %s are taken, and this request needs %d."
                        .formatted(capital(who), used, limit, limitWords, asked);
            case QUEUE_FULL -> "The server is saturated: %d of %d %s.%s".formatted(used, limit, limitWords, because);
            case WAITED_TOO_LONG ->
                "The server is saturated: this request waited for %d of %d %s.%s"
                        .formatted(used, limit, limitWords, because);
        };
    }

    private static String capital(String words) {
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }
}
