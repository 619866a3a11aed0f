package io.llmserve.routing.kv;

import java.util.Arrays;
import java.util.SplittableRandom;

/// Prompts that often begin alike.
final class Prompts {
    private final SplittableRandom random;
    private final String[] adapters = {"", "", "poet"};
    private final String[] salts = {"", "", "red"};

    /// What a request asks for.
    record Ask(String adapter, String salt, int[] tokens) {
        PrefixKeys keys() {
            return new PrefixKeys(PrefixKeys.origin("model", adapter, salt), tokens);
        }

        long mark() {
            return salt.isEmpty() ? 0 : io.llmserve.core.BlockHasher.mark(salt);
        }
    }

    Prompts(SplittableRandom random) {
        this.random = random;
    }

    Ask next() {
        int[] tokens = new int[random.nextInt(1, 60)];
        int family = random.nextInt(3);
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = 1_000 * family + i;
        }
        if (random.nextBoolean()) {
            int from = random.nextInt(tokens.length);
            Arrays.fill(tokens, from, tokens.length, random.nextInt(3));
        }
        return new Ask(adapters[random.nextInt(adapters.length)], salts[random.nextInt(salts.length)], tokens);
    }
}
