package io.llmserve.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// The command as typed, against a server over real sockets. Counts and structure, never times.
class BenchCommandTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void everyRequestOfTheMixIsSentAndCounted() throws IOException {
        try (SseServer server = new SseServer(SseServer.Fault.NONE)) {
            int exit = bench(
                    server,
                    "--mix",
                    "big:1:50:7",
                    "small:3:30:3",
                    "--requests",
                    "40",
                    "--rate",
                    "5000",
                    "--warmup",
                    "0",
                    "--api-key",
                    "k1");
            assertThat(exit).isZero();
            JsonNode rows = report().path("rows");
            assertThat(rows).hasSize(3);
            JsonNode big = rows.path(0);
            JsonNode small = rows.path(1);
            JsonNode all = rows.path(2);
            assertThat(big.path("shape").asText()).isEqualTo("big");
            assertThat(requests(big) + requests(small)).isEqualTo(40).isEqualTo(requests(all));
            assertThat(all.path("counts").path("complete").asInt()).isEqualTo(40);
            assertThat(all.path("counts").path("outputTokens").asInt())
                    .isEqualTo(7 * requests(big) + 3 * requests(small));
            assertThat(all.path("counts").path("promptTokens").asInt())
                    .isEqualTo(50 * requests(big) + 30 * requests(small));
            assertThat(all.path("latencyMillis")
                            .path("firstToken")
                            .path("count")
                            .asInt())
                    .isEqualTo(40);
            assertThat(server.bodies).hasSize(40 + 3).allSatisfy(body -> {
                assertThat(body.path("model").asText()).isEqualTo("tiny");
                assertThat(body.path("ignore_eos").asBoolean()).isTrue();
            });
            assertThat(server.keys).containsOnly("Bearer k1");
            assertThat(out.toString()).contains("big", "small", "all", "to first token", "goodput/s");
        }
    }

    @Test
    void usersOfAClosedLoopShareTheRequests() throws IOException {
        try (SseServer server = new SseServer(SseServer.Fault.NONE)) {
            int exit = bench(
                    server,
                    "--mix",
                    "a:1:30:2",
                    "--requests",
                    "64",
                    "--concurrency",
                    "8",
                    "--completions",
                    "--no-stream",
                    "--warmup",
                    "3");
            assertThat(exit).isZero();
            JsonNode all = report().path("rows").path(1);
            assertThat(requests(all)).isEqualTo(64);
            assertThat(all.path("latencyMillis").path("endToEnd").path("count").asInt())
                    .isEqualTo(64);
            assertThat(all.path("latencyMillis")
                            .path("interToken")
                            .path("count")
                            .asInt())
                    .isZero();
            assertThat(server.bodies).hasSize(64 + 3 + 3);
            assertThat(server.keys).containsOnly("null");
        }
    }

    @Test
    void failuresAreCountedByKind() throws IOException {
        try (SseServer server = new SseServer(SseServer.Fault.EVERY_THIRD_OVERLOADED)) {
            assertThat(bench(server, "--mix", "a:1:30:2", "--requests", "30", "--concurrency", "1", "--warmup", "0"))
                    .isZero();
            assertThat(errors().path("http_429").asInt()).isEqualTo(10);
            assertThat(out.toString()).contains("failed: http_429 10");
        }
    }

    @Test
    void aStreamThatEndsEarlyIsNoAnswer() throws IOException {
        try (SseServer server = new SseServer(SseServer.Fault.EVERY_THIRD_CUT)) {
            bench(server, "--mix", "a:1:30:2", "--requests", "30", "--concurrency", "1", "--warmup", "0");
            assertThat(errors().path("incomplete_stream").asInt()).isEqualTo(10);
        }
    }

    @Test
    void aServerThatRefusesIgnoreEosIsAskedWithoutIt() throws IOException {
        try (SseServer server = new SseServer(SseServer.Fault.REFUSES_IGNORE_EOS)) {
            assertThat(bench(server, "--mix", "a:1:30:2", "--requests", "5")).isZero();
            assertThat(server.bodies.subList(1, server.bodies.size())).noneMatch(body -> body.has("ignore_eos"));
            assertThat(err.toString()).contains("refuses ignore_eos");
        }
    }

    @Test
    void aServerThatIsNotThereIsOneSentence() throws IOException {
        String url;
        try (SseServer server = new SseServer(SseServer.Fault.NONE)) {
            url = server.url();
        }
        assertThat(execute("--url", url)).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("bench: no answer from " + url + "/v1/models")
                .hasLineCount(1);
    }

    @Test
    void wrongOptionsAreUsageErrors() {
        assertThat(execute("--mix", "huge:1")).isEqualTo(2);
        assertThat(err.toString()).contains("no shape has this name");
        assertThat(execute("--rate", "-1")).isEqualTo(2);
        assertThat(execute("--concurrency", "0")).isEqualTo(2);
        assertThat(execute("--duration", "soon")).isEqualTo(2);
        assertThat(execute("engine", "--rounds", "0")).isEqualTo(2);
        assertThat(execute("--url", "localhost:8000")).isEqualTo(1);
        assertThat(err.toString()).contains("write http://HOST:PORT");
    }

    private int bench(SseServer server, String... options) {
        List<String> arguments = new ArrayList<>(List.of("--url", server.url(), "--json", file().toString()));
        arguments.addAll(List.of(options));
        return execute(arguments.toArray(String[]::new));
    }

    private int execute(String... arguments) {
        return new CommandLine(new BenchCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper().readTree(Files.readAllBytes(file()));
    }

    private JsonNode errors() throws IOException {
        return report().path("rows").path(1).path("counts").path("errors");
    }

    private Path file() {
        return directory.resolve("report.json");
    }

    private static int requests(JsonNode row) {
        return row.path("counts").path("requests").asInt();
    }
}
