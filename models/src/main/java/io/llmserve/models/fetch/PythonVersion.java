package io.llmserve.models.fetch;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A version of a Python package, ordered as PEP 440 says: `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`.
record PythonVersion(
        String text,
        BigInteger epoch,
        List<BigInteger> release,
        String preRelease,
        BigInteger preNumber,
        Optional<BigInteger> post,
        Optional<BigInteger> development,
        String local)
        implements Comparable<PythonVersion> {
    private static final Pattern FORM = Pattern.compile(
            "v?(?:(\\d{1,9})!)?(\\d{1,18}(?:\\.\\d{1,18}){0,20})"
                    + "(?:[-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?(\\d{0,9}))?"
                    + "(?:-(\\d{1,9})|[-_.]?(?:post|rev|r)[-_.]?(\\d{0,9}))?(?:[-_.]?(dev)[-_.]?(\\d{0,9}))?(?:\\+([a-z0-9._-]+))?");
    private static final int MAX_CHARACTERS = 200;

    /// Empty where the text is no version.
    static Optional<PythonVersion> parse(String text) {
        if (text.length() > MAX_CHARACTERS) {
            return Optional.empty();
        }
        Matcher matcher = FORM.matcher(text.toLowerCase(Locale.ROOT).strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        List<BigInteger> release = new ArrayList<>();
        for (String part : matcher.group(2).split("\\.", -1)) {
            release.add(new BigInteger(part));
        }
        while (release.size() > 1 && release.getLast().signum() == 0) {
            release.removeLast();
        }
        boolean post = matcher.group(5) != null || matcher.group(6) != null;
        return Optional.of(new PythonVersion(
                text,
                number(matcher.group(1)),
                List.copyOf(release),
                preRelease(matcher.group(3)),
                number(matcher.group(4)),
                post
                        ? Optional.of(number(matcher.group(5) == null ? matcher.group(6) : matcher.group(5)))
                        : Optional.empty(),
                matcher.group(7) == null ? Optional.empty() : Optional.of(number(matcher.group(8))),
                matcher.group(9) == null ? "" : matcher.group(9)));
    }

    boolean isPreRelease() {
        return !preRelease.isEmpty() || development.isPresent();
    }

    /// Whether both name the same version, however spelled.
    boolean sameAs(PythonVersion other) {
        return compareTo(other) == 0;
    }

    @Override
    public int compareTo(PythonVersion other) {
        int order = epoch.compareTo(other.epoch);
        for (int i = 0; order == 0 && i < Math.max(release.size(), other.release.size()); i++) {
            order = part(release, i).compareTo(part(other.release, i));
        }
        order = order != 0 ? order : preKey().compareTo(other.preKey());
        order = order != 0 ? order : preNumber.compareTo(other.preNumber);
        order = order != 0
                ? order
                : post.orElse(BigInteger.valueOf(-1)).compareTo(other.post.orElse(BigInteger.valueOf(-1)));
        order = order != 0 ? order : developmentKey().compareTo(other.developmentKey());
        return order != 0 ? order : local.compareTo(other.local);
    }

    @Override
    public String toString() {
        return text;
    }

    /// `1.0.dev1` comes before `1.0a1`, and `1.0` after `1.0rc1`.
    private String preKey() {
        if (preRelease.isEmpty()) {
            return development.isPresent() && post.isEmpty() ? "" : "z";
        }
        return preRelease;
    }

    private BigInteger developmentKey() {
        return development.orElse(BigInteger.valueOf(Long.MAX_VALUE));
    }

    private static BigInteger part(List<BigInteger> release, int index) {
        return index < release.size() ? release.get(index) : BigInteger.ZERO;
    }

    private static String preRelease(@org.jspecify.annotations.Nullable String spelled) {
        return switch (spelled) {
            case null -> "";
            case "alpha", "a" -> "a";
            case "beta", "b" -> "b";
            default -> "rc";
        };
    }

    private static BigInteger number(@org.jspecify.annotations.Nullable String digits) {
        return digits == null || digits.isEmpty() ? BigInteger.ZERO : new BigInteger(digits);
    }
}
