package io.llmserve.admission;

import static io.llmserve.core.Checks.check;

import io.llmserve.admission.budget.Limits;
import io.llmserve.admission.share.ShareOptions;
import java.time.Duration;

/// @param all what all tenants together may use at a time, or in a time: beyond levels requests wait, beyond rates they
///     are refused
/// @param mostWaiting requests
/// @param longestWait until a request is refused
/// @param drawTokens an answer whose length the client left open takes so many at a time
/// @param firstGuess tokens of an answer of a tenant of which none was seen
public record AdmissionOptions(
        ShareOptions share, Limits all, int mostWaiting, Duration longestWait, int drawTokens, int firstGuess) {
    public AdmissionOptions {
        check(mostWaiting >= 0, "%d requests can't wait", mostWaiting);
        check(!longestWait.isNegative(), "nobody waits for %s", longestWait);
        check(drawTokens > 0 && firstGuess > 0, "tokens are drawn and expected, got %d, %d", drawTokens, firstGuess);
    }

    public static AdmissionOptions of(Limits all) {
        return new AdmissionOptions(ShareOptions.DEFAULT, all, 512, Duration.ofSeconds(30), 64, 256);
    }
}
