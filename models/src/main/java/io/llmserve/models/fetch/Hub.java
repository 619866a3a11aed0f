package io.llmserve.models.fetch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelUri;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The Hugging Face hub's HTTP API, at `HF_ENDPOINT`, with `HF_TOKEN` where set.
final class Hub {
    private static final String PUBLIC_HUB = "https://huggingface.co";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_FILES = 100_000;

    /// @param bytes -1 where the hub does not tell
    record RemoteFile(String path, long bytes, Optional<ExpectedHash> hash) {}

    /// @param commit that the revision names now
    record Listing(String commit, List<RemoteFile> files) {}

    private final URI endpoint;
    private final Optional<String> credentials;
    private final Pages pages;

    private Hub(URI endpoint, Optional<String> credentials, Pages pages) {
        this.endpoint = endpoint;
        this.credentials = credentials;
        this.pages = pages;
    }

    static Hub of(Map<String, String> environment, Pages pages) {
        String text = environment.getOrDefault("HF_ENDPOINT", "").strip().replaceFirst("/+$", "");
        String token = environment.getOrDefault("HF_TOKEN", "").strip();
        if (!token.matches("[\\x21-\\x7e]*")) {
            throw new ServeException(Failure.CONFIGURATION, "HF_TOKEN has characters that no token has");
        }
        try {
            return new Hub(
                    Network.checkAddress(URI.create(text.isEmpty() ? PUBLIC_HUB : text)),
                    token.isEmpty() ? Optional.empty() : Optional.of("Bearer " + token),
                    pages);
        } catch (IllegalArgumentException e) {
            throw new ServeException(
                    Failure.CONFIGURATION, "HF_ENDPOINT is no address of a hub; allowed is https://host", e);
        }
    }

    String shown() {
        return Network.shown(endpoint);
    }

    Optional<String> credentials() {
        return credentials;
    }

    URI file(String repository, String commit, String path) {
        return URI.create("%s/%s/resolve/%s/%s".formatted(endpoint, repository, encoded(commit), encodedPath(path)));
    }

    Listing list(ModelUri.HubRepository uri) {
        String revision = uri.revision().orElse("main");
        URI address = URI.create(
                "%s/api/models/%s/revision/%s?blobs=true".formatted(endpoint, uri.repository(), encoded(revision)));
        Pages.Page page = pages.get(address, "application/json", credentials);
        requireSuccess(uri, revision, page);
        try {
            JsonNode root = JSON.readTree(page.text());
            List<RemoteFile> files = new ArrayList<>();
            for (JsonNode sibling : root.path("siblings")) {
                files.add(file(sibling));
            }
            if (files.size() > MAX_FILES) {
                throw malformed(
                        page, "it lists %d files, at most %d are allowed".formatted(files.size(), MAX_FILES), null);
            }
            String commit = root.path("sha").asText("");
            return new Listing(commit.matches("[0-9a-f]{4,64}") ? commit : revision, files);
        } catch (JsonProcessingException e) {
            throw malformed(page, e.getOriginalMessage(), e);
        }
    }

    private static RemoteFile file(JsonNode sibling) {
        JsonNode large = sibling.path("lfs");
        String sha256 =
                large.path("sha256").asText(large.path("oid").asText("")).toLowerCase(Locale.ROOT);
        String blob = sibling.path("blobId").asText("").toLowerCase(Locale.ROOT);
        long bytes = large.path("size").asLong(sibling.path("size").asLong(-1));
        Optional<ExpectedHash> hash = Optional.empty();
        if (sha256.matches("[0-9a-f]{64}")) {
            hash = Optional.of(ExpectedHash.sha256(sha256));
        } else if (large.isMissingNode() && blob.matches("[0-9a-f]{40}") && bytes >= 0) {
            hash = Optional.of(new ExpectedHash(ExpectedHash.Kind.GIT_BLOB, blob));
        }
        return new RemoteFile(sibling.path("rfilename").asText(""), Math.max(-1, bytes), hash);
    }

    private void requireSuccess(ModelUri.HubRepository uri, String revision, Pages.Page page) {
        String token = credentials.isPresent() ? "the token in HF_TOKEN has no access" : "HF_TOKEN is not set";
        boolean gated = page.errorCode().equals("GatedRepo");
        switch (page.status()) {
            case 200 -> {}
            case 401, 403 -> {
                String reason = gated
                        ? "is gated: its licence is accepted on %s/%s".formatted(shown(), uri.repository())
                        : "does not exist at %s or is private".formatted(shown());
                throw new ServeException(
                        gated ? Failure.FORBIDDEN : Failure.UNAUTHORIZED, "%s %s; %s".formatted(uri, reason, token));
            }
            case 404 -> {
                String missing = page.errorCode().equals("RevisionNotFound")
                        ? "has no revision '%s'".formatted(revision)
                        : "does not exist at %s".formatted(shown());
                throw new ServeException(Failure.NOT_FOUND, "%s %s".formatted(uri, missing));
            }
            default ->
                throw new ServeException(
                        Failure.UPSTREAM,
                        "%s: the hub %s answers with status %d".formatted(uri, shown(), page.status()));
        }
    }

    private static ServeException malformed(
            Pages.Page page, String reason, @org.jspecify.annotations.Nullable Throwable cause) {
        String message = "%s answers with what is no file list: %s".formatted(Network.shown(page.uri()), reason);
        return cause == null
                ? new ServeException(Failure.UPSTREAM, message)
                : new ServeException(Failure.UPSTREAM, message, cause);
    }

    private static String encodedPath(String path) {
        StringBuilder encoded = new StringBuilder();
        for (String part : path.split("/", -1)) {
            encoded.append(encoded.isEmpty() ? "" : "/").append(encoded(part));
        }
        return encoded.toString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
