package io.llmserve.gateway;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A model whose next token is a function of all tokens before it, so that only who is told the right ones goes on
/// rightly. Its
/// tokens are letters, quarters of an emoji, a special one without text, and the end. Detokenised as vLLM does it.
final class TokenModel {
    private static final int QUARTER = 4;
    private static final int SPECIAL = 8;
    private static final int END = 9;
    private static final int PAIR = 10;
    private static final byte[] EMOJI = "\uD83D\uDE00".getBytes(StandardCharsets.UTF_8);

    /// What has been generated after each token: all text, and why it ended if it did.
    record Step(int token, String text, Optional<String> finish) {}

    private final List<Integer> tokens = new ArrayList<>();
    private final List<String> stops;
    private final boolean showsStop;
    private final int minTokens;
    private final int maxTokens;
    private final long chance;

    /// @param sampling where the limits stand
    TokenModel(List<Integer> prompt, JsonObject sampling) {
        tokens.addAll(prompt);
        stops = sampling.getJsonArray("stop", new JsonArray()).stream()
                .map(Object::toString)
                .toList();
        showsStop = sampling.getBoolean("include_stop_str_in_output", false);
        minTokens = sampling.getInteger("min_tokens", 0);
        Integer most = sampling.getInteger("max_tokens");
        maxTokens = most == null ? 40 : most;
        chance = sampling.getDouble("temperature", 1.0) == 0 ? 0 : System.nanoTime();
    }

    static List<Integer> encode(String prompt) {
        return prompt.chars().map(unit -> 100 + unit).boxed().toList();
    }

    List<Step> run() {
        List<Step> steps = new ArrayList<>();
        ByteArrayOutputStream pending = new ByteArrayOutputStream();
        int last = tokens.getLast();
        pending.writeBytes(last >= QUARTER && last < QUARTER + 3 ? new byte[] {EMOJI[last - QUARTER]} : new byte[0]);
        StringBuilder text = new StringBuilder();
        while (true) {
            int token = next(steps.size());
            tokens.add(token);
            int before = text.length();
            decode(token, pending, text);
            Optional<String> finish = finish(token, steps.size() + 1, text, before);
            steps.add(new Step(token, text.toString(), finish));
            if (finish.isPresent()) {
                return steps;
            }
        }
    }

    private int next(int generated) {
        int last = tokens.getLast();
        if (last >= QUARTER && last < QUARTER + 3) {
            return last + 1;
        }
        int choice = Math.floorMod(((tokens.hashCode() + (int) chance) * 0x9E3779B9) >>> 7, 64);
        if (choice < 6) {
            return QUARTER;
        }
        if (choice < 8) {
            return SPECIAL;
        }
        if (choice < 10) {
            return generated < minTokens ? 0 : END;
        }
        return choice < 20 ? PAIR : choice % 4;
    }

    private static void decode(int token, ByteArrayOutputStream pending, StringBuilder text) {
        if (token >= QUARTER && token < QUARTER + 4) {
            pending.write(EMOJI[token - QUARTER]);
            if (token == QUARTER + 3) {
                text.append(pending.toString(StandardCharsets.UTF_8));
                pending.reset();
            }
        } else if (token < QUARTER) {
            text.append((char) ('a' + token));
        } else if (token == PAIR) {
            text.append("ab");
        }
    }

    private Optional<String> finish(int token, int generated, StringBuilder text, int before) {
        if (token == END) {
            return Optional.of("stop");
        }
        for (String stop : stops) {
            int at = generated > minTokens ? text.indexOf(stop, Math.max(0, before - stop.length() + 1)) : -1;
            if (at >= 0) {
                text.setLength(showsStop ? at + stop.length() : at);
                return Optional.of("stop");
            }
        }
        return generated == maxTokens ? Optional.of("length") : Optional.empty();
    }
}
