package io.llmserve.models.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.FileHash;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The hub's API in the shapes that huggingface_hub 1.x relies on.
class HubSourceTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    Path folder;

    private final FakeServer server = new FakeServer();
    private final Map<String, String> environment = new LinkedHashMap<>(Map.of("HF_TOKEN", "hf_secret"));
    private final Map<String, String> files = new TreeMap<>();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void takesWeightsConfigurationAndTokenizerAndNothingElse() {
        repository(
                "main",
                "config.json",
                "tokenizer.json",
                "model.safetensors",
                "README.md",
                "pytorch_model.bin",
                "onnx/model.safetensors",
                "../evil.safetensors");
        FetchedModel fetched = fetch("hf://org/name");
        assertThat(fetched.revision()).isEqualTo(COMMIT);
        assertThat(fetched.main()).isEqualTo(".");
        assertThat(fetched.files())
                .extracting(FetchedModel.FetchedFile::name)
                .containsExactlyInAnyOrder("config.json", "tokenizer.json", "model.safetensors");
        assertThat(folder.resolve("model.safetensors")).hasContent("content of model.safetensors");
        assertThat(folder.resolve("config.json")).hasContent("content of config.json");
    }

    @Test
    void sendsTheTokenToTheHubButNotToItsStorage() {
        repository("main", "config.json", "model.safetensors");
        fetch("hf://org/name");
        assertThat(server.requests())
                .filteredOn(request -> request.startsWith("/cdn/"))
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request).contains("localhost").endsWith("authorization=null"));
        assertThat(server.requests())
                .filteredOn(request -> !request.startsWith("/cdn/"))
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request).endsWith("authorization=Bearer hf_secret"));
    }

    @Test
    void prefersTheFirstFormatOfItsList() {
        repository("main", "x-Q8_0.gguf", "x-Q4_K_M.gguf", "x.Q2_K.gguf", "x-IQ4_0.gguf");
        assertThat(fetch("hf://org/name").main()).isEqualTo("x-Q4_K_M.gguf");
    }

    @Test
    void takesTheNamedFileOfTheNamedRevision() {
        repository("v1/x", "sub/x-Q8_0.gguf", "x-Q4_0.gguf");
        assertThat(fetch("hf://org/name@v1/x#sub/x-Q8_0.gguf").main()).isEqualTo("sub/x-Q8_0.gguf");
        assertThat(folder.resolve("sub/x-Q8_0.gguf")).hasContent("content of sub/x-Q8_0.gguf");
        failure("hf://org/name@v1/x#other.gguf")
                .hasMessageContaining("has no file other.gguf; name one of [sub/x-Q8_0.gguf, x-Q4_0.gguf] after #");
    }

    @Test
    void goesOnWithTheFilesThatAreMissing() {
        repository("main", "config.json", "model.safetensors");
        server.on("/cdn/model.safetensors", exchange -> FakeServer.status(exchange, 500));
        failure("hf://org/name").hasMessageContaining("model.safetensors from");
        serve("model.safetensors");
        int before = server.requests().size();
        fetch("hf://org/name");
        assertThat(server.requests().subList(before, server.requests().size()))
                .noneMatch(request -> request.contains("config.json"))
                .anyMatch(request -> request.startsWith("/cdn/model.safetensors"));
    }

    @Test
    void deletesAConfigurationThatIsNotTheCommitsOne() {
        repository("main", "config.json", "model.safetensors");
        byte[] other = "CONTENT of config.json".getBytes(StandardCharsets.UTF_8);
        server.file("/cdn/config.json", other, "\"x\"");
        failure("hf://org/name").hasMessageContaining("config.json from").hasMessageContaining("its SHA-1 is");
        assertThat(folder.resolve("config.json")).doesNotExist();
        assertThat(folder.resolve("config.json.part")).doesNotExist();
    }

    @Test
    void saysWhyTheHubDeniesAccess() {
        error(403, "GatedRepo");
        failure("hf://org/name")
                .hasMessage(
                        "hf://org/name is gated: its licence is accepted on %s/org/name; the token in HF_TOKEN has no access"
                                .formatted(server.uri("")))
                .hasFieldOrPropertyWithValue("failure", Failure.FORBIDDEN);
        environment.remove("HF_TOKEN");
        error(401, "RepoNotFound");
        failure("hf://org/name").hasMessageContaining("does not exist at").hasMessageContaining("HF_TOKEN is not set");
        error(404, "RevisionNotFound");
        failure("hf://org/name").hasMessage("hf://org/name has no revision 'main'");
        error(404, "RepoNotFound");
        failure("hf://org/name").hasMessageContaining("does not exist at");
    }

    @Test
    void saysWhatARepositoryLacks() {
        repository("main", "README.md", "x.Q2_K.gguf");
        failure("hf://org/name")
                .hasMessageContaining("has neither *.safetensors nor a .gguf in [Q4_0,")
                .hasMessageContaining("name one of [x.Q2_K.gguf] after #");
    }

    private void error(int status, String code) {
        server.on("/api/models/org/name/revision/main", exchange -> {
            exchange.getResponseHeaders().set("X-Error-Code", code);
            FakeServer.status(exchange, status);
        });
    }

    /// Small files are named by git's hash and weights by SHA-256, as the hub does; all are redirected to storage.
    private void repository(String revision, String... paths) {
        for (String path : paths) {
            String content = "content of " + path;
            boolean large = path.endsWith(".safetensors") || path.endsWith(".gguf");
            files.put(
                    path,
                    large
                            ? "{\"rfilename\": \"%s\", \"size\": %d, \"lfs\": {\"sha256\": \"%s\", \"size\": %2$d}}"
                                    .formatted(path, content.length(), hash(FileHash.sha256(), content))
                            : "{\"rfilename\": \"%s\", \"size\": %d, \"blobId\": \"%s\"}"
                                    .formatted(
                                            path,
                                            content.length(),
                                            hash(
                                                    ExpectedHash.Kind.GIT_BLOB.digest(),
                                                    "blob " + content.length() + "\0" + content)));
            serve(path);
        }
        String siblings = files.values().stream().collect(Collectors.joining(","));
        server.text(
                "/api/models/org/name/revision/" + revision,
                "application/json",
                "{\"sha\": \"%s\", \"siblings\": [%s]}".formatted(COMMIT, siblings));
    }

    private void serve(String path) {
        server.on("/org/name/resolve/" + COMMIT + "/" + path, exchange -> {
            exchange.getResponseHeaders()
                    .set("Location", "http://localhost:%d/cdn/%s?signature=x".formatted(server.port(), path));
            FakeServer.status(exchange, 302);
        });
        server.file("/cdn/" + path, ("content of " + path).getBytes(StandardCharsets.UTF_8), "\"1\"");
    }

    private FetchedModel fetch(String uri) {
        environment.put("HF_ENDPOINT", server.uri("").toString());
        return new NetworkSource(
                        environment, Disk.REAL, Clock.SYSTEM, new Retry(_ -> {}), Duration.ofSeconds(60), List.of())
                .fetch(ModelUri.parse(uri), folder, PullListener.SILENT);
    }

    private AbstractThrowableAssert<?, ? extends Throwable> failure(String uri) {
        return assertThatThrownBy(() -> fetch(uri)).isInstanceOf(ServeException.class);
    }

    private static String hash(MessageDigest digest, String content) {
        digest.update(content.getBytes(StandardCharsets.UTF_8));
        return FileHash.hex(digest);
    }
}
