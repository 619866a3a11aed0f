package io.llmserve.models.fetch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// A Python package index by the simple API: JSON (PEP 691) where the server has it, HTML (PEP 503) otherwise.
final class PythonIndex {
    private static final String PUBLIC_INDEX = "https://pypi.org/simple/";
    private static final String ACCEPT =
            "application/vnd.pypi.simple.v1+json, " + "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";
    private static final ObjectMapper JSON = new ObjectMapper();

    /// @param hash of the file where the index tells it
    record Link(String filename, URI uri, Optional<String> hash, boolean yanked) {}

    private final URI index;
    private final Optional<String> credentials;
    private final Pages pages;

    private PythonIndex(URI index, Optional<String> credentials, Pages pages) {
        this.index = index;
        this.credentials = credentials;
        this.pages = pages;
    }

    /// The index that `PIP_INDEX_URL` names (perhaps with `user:password@`), or the public one.
    static PythonIndex of(Map<String, String> environment, Pages pages) {
        String text = environment.getOrDefault("PIP_INDEX_URL", "").strip();
        try {
            URI given = Network.checkAddress(URI.create(text.isEmpty() ? PUBLIC_INDEX : text));
            Optional<String> credentials = Optional.ofNullable(given.getRawUserInfo())
                    .map(user -> URLDecoder.decode(user.replace("+", "%2B"), StandardCharsets.UTF_8))
                    .map(user -> user.contains(":") ? user : user + ":")
                    .map(user -> "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
            String port = given.getPort() < 0 ? "" : ":" + given.getPort();
            String path = given.getRawPath().endsWith("/") ? given.getRawPath() : given.getRawPath() + "/";
            return new PythonIndex(
                    URI.create("%s://%s%s%s".formatted(given.getScheme(), given.getHost(), port, path)),
                    credentials,
                    pages);
        } catch (IllegalArgumentException e) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "PIP_INDEX_URL is no address of a package index; allowed is https://host/path/",
                    e);
        }
    }

    /// `Authorization` for a file of this index; pip sends it to the index's own host only, and so do we.
    Optional<String> credentialsFor(URI file) {
        return Network.sameOrigin(index, file) ? credentials : Optional.empty();
    }

    String shown() {
        return Network.shown(index);
    }

    List<Link> links(String packageName) {
        URI uri = index.resolve(packageName + "/");
        Pages.Page page = pages.get(uri, ACCEPT, credentials);
        switch (page.status()) {
            case 200 -> {}
            case 401, 403 ->
                throw new ServeException(
                        Failure.UNAUTHORIZED,
                        "the package index %s denies access (status %d)".formatted(shown(), page.status()));
            case 404, 410 ->
                throw new ServeException(
                        Failure.NOT_FOUND, "the package index %s has no package %s".formatted(shown(), packageName));
            default ->
                throw new ServeException(
                        Failure.UPSTREAM,
                        "the package index %s answers with status %d".formatted(shown(), page.status()));
        }
        List<Link> links = new ArrayList<>();
        if (page.contentType().toLowerCase(Locale.ROOT).contains("json")) {
            addJson(page, links);
        } else {
            SimpleHtml.anchors(page.text()).forEach(anchor -> add(page, links, anchor));
        }
        return links;
    }

    private void addJson(Pages.Page page, List<Link> links) {
        JsonNode root;
        try {
            root = JSON.readTree(page.text());
        } catch (JsonProcessingException e) {
            throw new ServeException(
                    Failure.UPSTREAM,
                    "%s answers with malformed JSON: %s".formatted(Network.shown(page.uri()), e.getOriginalMessage()),
                    e);
        }
        for (JsonNode file : root.path("files")) {
            JsonNode yanked = file.path("yanked");
            link(
                            page.uri(),
                            file.path("filename").asText(""),
                            file.path("url").asText(""),
                            file.path("hashes").path("sha256").asText(""),
                            yanked.isTextual() || yanked.asBoolean(false))
                    .ifPresent(links::add);
        }
    }

    private static void add(Pages.Page page, List<Link> links, SimpleHtml.Anchor anchor) {
        int fragment = anchor.href().indexOf('#');
        String hash = fragment < 0 ? "" : anchor.href().substring(fragment + 1);
        String href = fragment < 0 ? anchor.href() : anchor.href().substring(0, fragment);
        link(
                        page.uri(),
                        anchor.text(),
                        href,
                        hash.startsWith("sha256=") ? hash.substring("sha256=".length()) : "",
                        anchor.yanked())
                .ifPresent(links::add);
    }

    /// Empty for what is no link to a file: an index may list anything.
    private static Optional<Link> link(URI page, String filename, String href, String sha256, boolean yanked) {
        try {
            URI uri = Network.checkAddress(page.resolve(href));
            boolean encrypted = uri.getScheme().equalsIgnoreCase("https")
                    || page.getScheme().equalsIgnoreCase("http");
            if (filename.isBlank() || href.isBlank() || !encrypted) {
                return Optional.empty();
            }
            String hash = sha256.toLowerCase(Locale.ROOT);
            return Optional.of(new Link(
                    filename.strip(),
                    uri,
                    hash.matches("[0-9a-f]{64}") ? Optional.of(hash) : Optional.empty(),
                    yanked));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
