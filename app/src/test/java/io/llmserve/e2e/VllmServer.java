package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `llmserve up` with workers of real vLLM behind it, which can be asked past the gateway too.
record VllmServer(ServerProcess process) implements AutoCloseable {
    /// A worker takes a minute to start on two idle cores, and several where others want them too.
    static final Duration LONGEST_START = Duration.ofMinutes(15);

    static final String TEXT = "/v1/completions";
    static final String CHAT = "/v1/chat/completions";
    static final String TOKENS = "/inference/v1/generate";

    static VllmServer start(Path directory, VllmInstallation vllm, String deployment) throws Exception {
        List<String> sections = new ArrayList<>(List.of(
                "deployment: " + deployment,
                "scheduling: {prefill_short_prompt_tokens: 300, prefill_long_prompt_tokens: 300}",
                "vllm: {command: \"%s\", start_timeout: 15m, args: [--block-size, \"32\", --max-model-len, \"2048\"]}"
                        .formatted(vllm.program())));
        return new VllmServer(ServerProcess.start(directory, vllm.model(), "in_flight: 64", sections, LONGEST_START));
    }

    /// A greedy request, whose answer tells its tokens.
    ///
    /// @param prompt without characters that JSON escapes
    String body(String path, String prompt, int tokens) throws Exception {
        String limits = "\"temperature\":0,\"ignore_eos\":true,\"max_tokens\":%d".formatted(tokens);
        return switch (path) {
            case TEXT -> "{\"prompt\":\"%s\",\"return_token_ids\":true,%s}".formatted(prompt, limits);
            case CHAT ->
                "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"return_token_ids\":true,%s}"
                        .formatted(prompt, limits);
            case TOKENS -> "{\"token_ids\":%s,\"sampling_params\":{%s}}".formatted(tokens(prompt), limits);
            default -> throw new AssertionError(path);
        };
    }

    private Json tokens(String text) throws Exception {
        return send(process.url() + "/tokenize", "{\"prompt\":\"%s\"}".formatted(text))
                .at("/tokens");
    }

    Json ask(String path, String body) throws Exception {
        return send(process.url() + path, body);
    }

    /// The worker of this role, by itself, and with nothing in its cache that helps.
    Json askAlone(String role, String path, String body) throws Exception {
        return send("http://" + address(role) + path, body.replaceFirst("\\{", "{\"cache_salt\":\"alone\","));
    }

    StreamedAnswer stream(String path, String body, int at, StreamedAnswer.Deed deed) throws Exception {
        String streamed = body.replaceFirst("\\{", "{\"stream\":true,\"stream_options\":{\"include_usage\":true},");
        return StreamedAnswer.read(request(process.url() + path, streamed), at, deed);
    }

    private static Json send(String url, String body) throws Exception {
        HttpResponse<String> answer = ServerProcess.send(request(url, body));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Json.parse(answer.body());
    }

    private static HttpRequest request(String url, String body) {
        // vLLM's server loses the body of a request that offers HTTP/2.
        return HttpRequest.newBuilder(URI.create(url))
                .version(HttpClient.Version.HTTP_1_1)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + ServerProcess.KEY)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    /// `host:port` of the worker of this role.
    String address(String role) throws Exception {
        Matcher label = Pattern.compile("worker=\"([^\"]+)\"")
                .matcher(process.sample("llmserve_worker_up", "role=\"" + role + "\"", up -> true)
                        .orElseThrow());
        assertThat(label.find()).isTrue();
        return label.group(1);
    }

    /// The process that serves HTTP; vLLM has others below it.
    ProcessHandle worker(String role) throws Exception {
        return new WorkerProcesses(process).listening(address(role).replaceFirst(".*:", ""));
    }

    /// As the kernel does it where memory ends.
    void kill(String role) throws Exception {
        ProcessHandle killed = worker(role);
        killed.destroyForcibly();
        killed.onExit().get(1, TimeUnit.MINUTES);
    }

    /// Of a process whose parent has gone too, the system tells the end a moment later.
    static void awaitEnd(List<ProcessHandle> processes) throws Exception {
        for (ProcessHandle process : processes) {
            process.onExit().get(1, TimeUnit.MINUTES);
        }
    }

    void awaitWorkers(int count) throws Exception {
        Eventually.holds(LONGEST_START, count + " workers are up", () -> process.metric("llmserve_worker_up") == count);
    }

    @Override
    public void close() {
        process.close();
    }
}
