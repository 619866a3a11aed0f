package io.llmserve.manifest;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/// "Did you mean": the known name that a mistyped one is closest to, by Damerau-Levenshtein distance without case.
public final class NearestName {
    private static final int LONGEST_NAME = 64;

    private NearestName() {}

    /// The nearest of `known`, if it is near enough to be meant: a third of its letters may differ.
    public static Optional<String> of(String typed, Collection<String> known) {
        if (typed.length() > LONGEST_NAME) {
            return Optional.empty();
        }
        String word = plain(typed);
        return known.stream()
                .filter(name -> distance(word, plain(name)) <= Math.max(1, name.length() / 3))
                .min(Comparator.comparingInt(name -> distance(word, plain(name))));
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    /// Edits (insert, delete, replace, swap neighbours) that turn one word into the other.
    static int distance(String from, String to) {
        int[] beforeLast = new int[to.length() + 1];
        int[] last = new int[to.length() + 1];
        Arrays.setAll(last, index -> index);
        for (int i = 1; i <= from.length(); i++) {
            int[] row = new int[to.length() + 1];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replace = last[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replace, 1 + Math.min(last[j], row[j - 1]));
                if (i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1)) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            beforeLast = last;
            last = row;
        }
        return last[to.length()];
    }
}
