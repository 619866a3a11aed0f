package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.time.Duration;

/// What a status other than success means.
final class Refusal {
    private Refusal() {}

    /// Returns what is worth another try; throws what is not.
    static IOException of(String subject, Network.Answer answer) {
        int status = answer.status();
        String where = Network.shown(answer.uri());
        if (status == 408 || status == 425 || status == 429 || status >= 500) {
            Duration wait = answer.header("retry-after")
                    .filter(text -> text.matches("\\d{1,6}"))
                    .map(text -> Duration.ofSeconds(Long.parseLong(text)))
                    .orElse(Duration.ZERO);
            return new Retry.BusyException("%s answers with status %d".formatted(where, status), wait);
        }
        switch (status) {
            case 401 ->
                throw new ServeException(
                        Failure.UNAUTHORIZED, "%s: %s wants credentials (status 401)".formatted(subject, where));
            case 403 ->
                throw new ServeException(
                        Failure.FORBIDDEN, "%s: %s denies access (status 403)".formatted(subject, where));
            case 404, 410 ->
                throw new ServeException(
                        Failure.NOT_FOUND, "%s is not at %s (status %d)".formatted(subject, where, status));
            default ->
                throw new ServeException(
                        Failure.UPSTREAM, "%s: %s answers with status %d".formatted(subject, where, status));
        }
    }
}
