package io.llmserve.models.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.FileHash;
import io.llmserve.models.PullListener;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloaderTest {
    private static final byte[] CONTENT = content(100_000);
    private static final String SHA256 = sha256(CONTENT);

    @TempDir
    Path folder;

    private final FakeServer server = new FakeServer();
    private final List<Duration> pauses = new ArrayList<>();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void goesOnWhereTheConnectionBroke() throws IOException {
        server.breaking("/f", CONTENT, "\"1\"", 30_000, 3);
        assertThat(download(request("/f", CONTENT.length, SHA256))).isEqualTo(SHA256);
        assertThat(target()).hasBinaryContent(CONTENT);
        assertThat(server.requests()).hasSize(4).last().asString().contains("range=bytes=90000-", "if-range=\"1\"");
        assertThat(names()).containsExactly("f");
    }

    @Test
    void beginsAnewWhenTheFileChangedMeanwhile() throws IOException {
        byte[] old = content(50_000);
        server.on("/f", cutThenGone(old, "\"old\"", 20_000));
        failure(() -> download(request("/f", -1, null))).hasMessageContaining("20,000 of ? bytes are kept");
        server.file("/f", CONTENT, "\"new\"");
        download(request("/f", -1, null));
        assertThat(target()).hasBinaryContent(CONTENT);
    }

    @Test
    void keepsThePartForTheNextPull() throws IOException {
        server.on("/f", cutThenGone(CONTENT, "\"1\"", 40_000));
        failure(() -> download(request("/f", CONTENT.length, SHA256)))
                .hasMessageContaining("f from " + server.uri("/f") + " broke off")
                .hasMessageContaining("40,000 of 100,000 bytes are kept, the next pull goes on from there");
        assertThat(names()).containsExactly("f.part", "f.part.tag");
        server.file("/f", CONTENT, "\"1\"");
        download(request("/f", CONTENT.length, SHA256));
        assertThat(server.requests()).last().asString().contains("range=bytes=40000-");
        assertThat(target()).hasBinaryContent(CONTENT);
    }

    @Test
    void beginsAnewWhenTheKeptPartWasDamaged() throws IOException {
        Files.write(folder.resolve("f.part"), new byte[50_000]);
        server.file("/f", CONTENT, "\"1\"");
        download(request("/f", CONTENT.length, SHA256));
        assertThat(target()).hasBinaryContent(CONTENT);
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void asksForNothingWhenThePartIsWhole() throws IOException {
        Files.write(folder.resolve("f.part"), CONTENT);
        download(request("/f", CONTENT.length, SHA256));
        assertThat(server.requests()).isEmpty();
        assertThat(target()).hasBinaryContent(CONTENT);
    }

    @Test
    void deletesWhatHasTheWrongHash() throws IOException {
        server.file("/f", CONTENT, "\"1\"");
        String other = sha256(new byte[1]);
        failure(() -> download(request("/f", CONTENT.length, other)))
                .hasMessageContaining("its SHA-256 is %s, expected %s".formatted(SHA256, other))
                .hasFieldOrPropertyWithValue("failure", Failure.CORRUPT);
        assertThat(names()).isEmpty();
    }

    @Test
    void refusesAnotherLengthThanTheIndexSays() throws IOException {
        server.file("/f", CONTENT, "\"1\"");
        failure(() -> download(request("/f", 99_999, SHA256)))
                .hasMessageContaining("f has 100,000 bytes at")
                .hasMessageContaining("expected 99,999");
        assertThat(names()).isEmpty();
    }

    @Test
    void stopsAtMoreThanWasAnnounced() throws IOException {
        server.on("/f", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(CONTENT);
        });
        failure(() -> download(request("/f", 1000, SHA256)))
                .hasMessageContaining("more than the announced 1,000 bytes");
        assertThat(names()).isEmpty();
    }

    @Test
    void waitsAsLongAsABusyServerAsks() throws IOException {
        server.on("/f", exchange -> {
            server.file("/f", CONTENT, "\"1\"");
            exchange.getResponseHeaders().set("Retry-After", "7");
            FakeServer.status(exchange, 503);
        });
        download(request("/f", CONTENT.length, SHA256));
        assertThat(pauses).containsExactly(Duration.ofSeconds(7));
    }

    @Test
    void givesUpAfterFiveFruitlessAttempts() {
        server.on("/f", exchange -> FakeServer.status(exchange, 500));
        failure(() -> download(request("/f", 10, SHA256))).hasMessageContaining("answers with status 500");
        assertThat(server.requests()).hasSize(5);
        assertThat(pauses).extracting(Duration::toMillis).containsExactly(500L, 1000L, 2000L, 4000L);
    }

    @Test
    void doesNotRepeatWhatWasDenied() {
        failure(() -> download(request("/none", 10, SHA256)))
                .hasFieldOrPropertyWithValue("failure", Failure.NOT_FOUND)
                .hasMessageContaining("status 404");
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void takesASilentServerForGone() {
        CountDownLatch end = new CountDownLatch(1);
        server.on("/f", exchange -> {
            exchange.sendResponseHeaders(200, CONTENT.length);
            exchange.getResponseBody().write(CONTENT, 0, 1000);
            exchange.getResponseBody().flush();
            await(end);
        });
        try {
            failure(() -> download(request("/f", CONTENT.length, SHA256), Disk.REAL, Duration.ofMillis(100)))
                    .hasMessageContaining("nothing came for");
        } finally {
            end.countDown();
        }
    }

    @Test
    void asksForRoomBeforeItWrites() throws IOException {
        server.file("/f", CONTENT, "\"1\"");
        failure(() -> download(request("/f", CONTENT.length, SHA256), new FakeDisk(5000, 5000), Duration.ofSeconds(60)))
                .hasMessage("f needs 100,000 more bytes in %s, but 5,000 are free there".formatted(folder))
                .hasFieldOrPropertyWithValue("failure", Failure.EXHAUSTED);
    }

    @Test
    void leavesNothingOnADiskThatFillsUp() throws IOException {
        server.file("/f", CONTENT, "\"1\"");
        failure(() -> download(
                        request("/f", CONTENT.length, SHA256), new FakeDisk(200_000, 50_000), Duration.ofSeconds(60)))
                .hasMessageContaining("more bytes in " + folder + ", but 200,000 are free there")
                .hasFieldOrPropertyWithValue("failure", Failure.EXHAUSTED);
        assertThat(names()).isEmpty();
    }

    @Test
    void keepsCredentialsFromOtherHosts() throws IOException {
        server.file("/cdn", CONTENT, "\"1\"");
        server.on("/f", exchange -> {
            exchange.getResponseHeaders().set("Location", "http://localhost:%d/cdn?sig=x".formatted(server.port()));
            FakeServer.status(exchange, 302);
        });
        download(new Downloader.Request(
                server.uri("/f"), "f", CONTENT.length, Optional.empty(), Optional.of("Bearer secret")));
        assertThat(server.requests().get(0)).contains("authorization=Bearer secret");
        assertThat(server.requests().get(1)).contains("/cdn?sig=x localhost").contains("authorization=null");
    }

    @Test
    void neverLeavesEncryption() {
        failure(() -> Network.redirected(URI.create("https://a/x"), "http://a/y"))
                .hasMessageContaining("redirects to unencrypted http://a/y");
        failure(() -> Network.redirected(URI.create("https://a/x"), "file:///etc/passwd"))
                .hasMessageContaining("no web address");
        assertThat(Network.redirected(URI.create("https://a/x/"), "../y")).isEqualTo(URI.create("https://a/y"));
    }

    @Test
    void endsARedirectLoop() {
        server.on("/f", exchange -> {
            exchange.getResponseHeaders().set("Location", "/f");
            FakeServer.status(exchange, 302);
        });
        failure(() -> download(request("/f", 10, SHA256))).hasMessageContaining("redirects more than 10 times");
    }

    private static FakeServer.Handler cutThenGone(byte[] content, String etag, int cutBytes) {
        return exchange -> {
            if (exchange.getRequestHeaders().containsKey("Range")) {
                FakeServer.status(exchange, 500);
                return;
            }
            exchange.getResponseHeaders().set("ETag", etag);
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content, 0, cutBytes);
            exchange.getResponseBody().flush();
        };
    }

    private Downloader.Request request(String path, long bytes, @org.jspecify.annotations.Nullable String sha256) {
        return new Downloader.Request(
                server.uri(path), "f", bytes, Optional.ofNullable(sha256).map(ExpectedHash::sha256), Optional.empty());
    }

    private String download(Downloader.Request request) {
        return download(request, Disk.REAL, Duration.ofSeconds(60));
    }

    private String download(Downloader.Request request, Disk disk, Duration stallLimit) {
        try (Network network = Network.of(Map.of(), stallLimit)) {
            return new Downloader(network, disk, new Retry(pauses::add), Clock.SYSTEM, PullListener.SILENT)
                    .download(request, target());
        }
    }

    private Path target() {
        return folder.resolve("f");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> failure(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return assertThatThrownBy(call).isInstanceOf(ServeException.class);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return content;
    }

    private static String sha256(byte[] content) {
        MessageDigest digest = FileHash.sha256();
        digest.update(content);
        return FileHash.hex(digest);
    }
}
