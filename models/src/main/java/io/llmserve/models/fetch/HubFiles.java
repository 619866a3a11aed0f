package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelUri;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Which files of a repository make the model.
///
/// Safetensors with their configuration and tokenizer where there are any; otherwise one `.gguf`: the one that the URI
/// names, or the first of [#PREFERENCE] that the repository has.
record HubFiles(String main, List<Hub.RemoteFile> files) {
    /// By quality for the memory: 4-bit formats of which every block kind can be read come first.
    static final List<String> PREFERENCE =
            List.of("Q4_0", "Q4_1", "Q4_K_M", "Q4_K_S", "Q8_0", "Q6_K", "BF16", "F16", "F32");

    private static final Set<String> COMPANIONS = Set.of(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "chat_template.jinja",
            "model.safetensors.index.json");
    private static final String SAFE_PATH = "[A-Za-z0-9_][A-Za-z0-9._+ -]*(?:/[A-Za-z0-9_][A-Za-z0-9._+ -]*){0,8}";

    static HubFiles choose(ModelUri.HubRepository uri, List<Hub.RemoteFile> all) {
        List<Hub.RemoteFile> safe =
                all.stream().filter(file -> file.path().matches(SAFE_PATH)).toList();
        if (uri.file().isPresent()) {
            String wanted = uri.file().get();
            return gguf(safe.stream()
                    .filter(file -> file.path().equals(wanted))
                    .findFirst()
                    .orElseThrow(() -> missing(uri, "has no file " + wanted, safe)));
        }
        List<Hub.RemoteFile> weights = safe.stream()
                .filter(file ->
                        file.path().endsWith(".safetensors") && !file.path().contains("/"))
                .toList();
        if (!weights.isEmpty()) {
            return new HubFiles(
                    ".",
                    safe.stream()
                            .filter(file -> weights.contains(file) || COMPANIONS.contains(file.path()))
                            .toList());
        }
        return gguf(safe.stream()
                .filter(file -> file.path().endsWith(".gguf") && rank(file) < PREFERENCE.size())
                .min(Comparator.comparingInt(HubFiles::rank).thenComparing(Hub.RemoteFile::path))
                .orElseThrow(() -> missing(uri, "has neither *.safetensors nor a .gguf in " + PREFERENCE, safe)));
    }

    private static HubFiles gguf(Hub.RemoteFile file) {
        return new HubFiles(file.path(), List.of(file));
    }

    private static int rank(Hub.RemoteFile file) {
        String stem = file.path().toUpperCase(Locale.ROOT).replaceFirst("\\.GGUF$", "");
        for (int i = 0; i < PREFERENCE.size(); i++) {
            if (stem.matches("(?:.*[._/-])?" + PREFERENCE.get(i))) {
                return i;
            }
        }
        return PREFERENCE.size();
    }

    private static ServeException missing(ModelUri uri, String what, List<Hub.RemoteFile> files) {
        List<String> models = files.stream()
                .map(Hub.RemoteFile::path)
                .filter(path -> path.endsWith(".gguf"))
                .limit(12)
                .toList();
        String choice = models.isEmpty() ? "" : "; name one of %s after #".formatted(models);
        return new ServeException(Failure.NOT_FOUND, "%s %s%s".formatted(uri, what, choice));
    }
}
