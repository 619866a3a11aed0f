package io.llmserve.admission.share;

import static io.llmserve.core.Checks.check;

/// What tokens cost, in units of work: a prompt token is computed beside thousands of others, a generated one in a
/// step of its own.
public record Prices(double promptToken, double generatedToken) {
    /// One to two, as the authors of VTC (OSDI 2024) have it.
    public static final Prices DEFAULT = new Prices(1, 2);

    public Prices {
        check(isPrice(promptToken) && isPrice(generatedToken), "a token costs something");
    }

    private static boolean isPrice(double price) {
        return price > 0 && price < Double.POSITIVE_INFINITY;
    }

    public double of(Tokens tokens) {
        return promptToken * tokens.prompt() + generatedToken * tokens.generated();
    }
}
