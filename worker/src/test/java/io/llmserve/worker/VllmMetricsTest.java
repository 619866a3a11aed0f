package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.engine.EngineFactory;
import io.llmserve.worker.kv.KvOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Every series of a running vLLM (`vllm-metrics.txt`, its decode worker behind a prefill worker) is either emitted by
/// this worker in that place, with the same type and labels, or named here with the reason why not.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VllmMetricsTest {
    /// What series begin with, to why they are absent.
    private static final Map<String, String> ABSENT = new LinkedHashMap<>();

    static {
        String process = "of the Python process, not of the engine";
        ABSENT.put("python_", process);
        ABSENT.put("process_", process);
        ABSENT.put("http_", "of vLLM's web framework; ours are the gateway's llmserve_requests_total and its like");
        ABSENT.put("vllm:nixl_post_time_seconds", "of NIXL's own queue; transfers are timed as a whole");
        String told = "whoever fetches says so on the connection of the transfer: that fails with it, or not at all";
        ABSENT.put("vllm:nixl_num_failed_notifications_total", told);
        ABSENT.put("vllm:nixl_num_notifications_after_expiry_total", told);
        for (String tier : List.of("host", "disk", "external_unspecified")) {
            ABSENT.put(
                    "vllm:prompt_tokens_cached_by_source_total{source=" + tier,
                    "pages are in the worker's memory or come from another worker");
        }
        ABSENT.put("vllm:estimated_", "a guess of the GPU's work");
        ABSENT.put("vllm:engine_sleep_state", "the engine does not sleep");
        ABSENT.put("vllm:mm_cache_", "text only");
        ABSENT.put("vllm:lora_requests_info", "no adapters");
        ABSENT.put("vllm:request_success_total{finished_reason=repetition", "repetition_detection is refused");
        ABSENT.put("vllm:admission_rejections_total{reason=max_num_queued_tokens", "the queue is limited in requests");
    }

    private final EngineFactory factory = KvWorker.factory();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final KvWorker prefill = new KvWorker(factory, KvOptions.loopback(0));
    private final KvWorker decode = new KvWorker(factory, KvOptions.loopback(0));
    private Exposition ours = Exposition.of("");

    /// A prompt of 33 tokens, of which prefill hands over two pages.
    @BeforeAll
    void handOver() throws Exception {
        String prompt = Arrays.toString(IntStream.range(1, 34).toArray());
        String body = "{\"prompt\":" + prompt + ",\"max_tokens\":";
        String kept = prefill.post(
                        client, Harness.TEXT, "r", body + "1,\"kv_transfer_params\":{\"do_remote_decode\":true}}")
                .body();
        String fetch = Harness.json(kept).path("kv_transfer_params").toString();
        KvWorker.ok(decode.post(client, Harness.TEXT, "r", body + "3,\"kv_transfer_params\":" + fetch + "}"));
        ours = Exposition.of(decode.metrics(client));
    }

    @AfterAll
    void close() {
        prefill.close();
        decode.close();
        factory.close();
        client.close();
    }

    @Test
    void emitsWhatVllmEmitsOrSaysWhyNot() throws IOException {
        Set<String> unused = new TreeSet<>(ABSENT.keySet());
        Exposition.of(capture()).series().forEach((series, type) -> {
            Optional<String> absent =
                    ABSENT.keySet().stream().filter(series::startsWith).findFirst();
            if (absent.isPresent()) {
                unused.remove(absent.get());
                assertThat(ours.series()).as("named as absent").doesNotContainKey(series);
            } else {
                assertThat(ours.series()).as("of vLLM's metrics").containsEntry(series, type);
            }
        });
        assertThat(unused).as("reasons for what vLLM does not emit").isEmpty();
    }

    @Test
    void itsHistogramsHaveVllmsBounds() throws IOException {
        Exposition.of(capture()).bounds().forEach((histogram, bounds) -> {
            if (ours.bounds().containsKey(histogram)) {
                assertThat(ours.bounds().getOrDefault(histogram, Set.of()))
                        .as(histogram)
                        .containsAll(bounds);
            }
        });
    }

    @Test
    void countsPromptTokensByWhereTheyCameFrom() throws Exception {
        assertThat(decode.metrics(client))
                .contains(
                        "vllm:prompt_tokens_by_source_total{engine=\"0\",model_name=\"tiny\",source=\"local_compute\"} 1.0")
                .contains(
                        "vllm:prompt_tokens_by_source_total{engine=\"0\",model_name=\"tiny\",source=\"local_cache_hit\"} 0.0")
                .contains(
                        "vllm:prompt_tokens_by_source_total{engine=\"0\",model_name=\"tiny\",source=\"external_kv_transfer\"} 32.0")
                .contains(
                        "vllm:prompt_tokens_cached_by_source_total{engine=\"0\",model_name=\"tiny\",source=\"p2p\"} 32.0")
                .contains("vllm:external_prefix_cache_queries_total{engine=\"0\",model_name=\"tiny\"} 32.0")
                .contains("vllm:external_prefix_cache_hits_total{engine=\"0\",model_name=\"tiny\"} 32.0")
                .contains(
                        "vllm:num_requests_kv_fetch_by_stage{engine=\"0\",model_name=\"tiny\",stage=\"in_progress\"} 0.0");
    }

    private static String capture() throws IOException {
        try (InputStream stream = VllmMetricsTest.class.getResourceAsStream("vllm-metrics.txt")) {
            if (stream == null) {
                throw new AssertionError("no capture vllm-metrics.txt");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// Prometheus text, as far as its shape goes.
    ///
    /// @param series name and labels, those that are words of the protocol with their value, to the type
    /// @param bounds of each histogram
    private record Exposition(Map<String, String> series, Map<String, Set<Double>> bounds) {
        /// Labels whose values are words of the protocol.
        private static final Set<String> WORDS = Set.of("reason", "source", "finished_reason", "stage", "sleep_state");
        private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");
        /// Its labels are many, most of them vLLM's own.
        private static final String CONFIGURATION = "vllm:cache_config_info";
        private static final List<String> READ_OF_CONFIGURATION =
                List.of("engine", "block_size", "num_gpu_blocks", "kv_cache_size_tokens", "enable_prefix_caching");

        static Exposition of(String text) {
            Map<String, String> types = new TreeMap<>();
            Map<String, String> series = new TreeMap<>();
            Map<String, Set<Double>> bounds = new TreeMap<>();
            for (String line : text.lines().toList()) {
                String[] words = line.split(" ", -1);
                if (line.startsWith("# TYPE ")) {
                    types.put(words[2], words[3]);
                } else if (!line.startsWith("#") && !line.isBlank()) {
                    String name = words[0].replaceFirst("\\{.*", "");
                    Map<String, String> labels = labels(words[0].substring(name.length()));
                    String family = types.containsKey(name) ? name : name.replaceFirst("_(bucket|sum|count)$", "");
                    String bound = labels.get("le");
                    if (bound != null) {
                        bounds.computeIfAbsent(family, any -> new TreeSet<>()).add(bound(bound));
                    }
                    // Timestamps of Python's client library.
                    if (!name.endsWith("_created")) {
                        series.put(name + shape(name, labels), types.getOrDefault(family, "untyped"));
                    }
                }
            }
            return new Exposition(series, bounds);
        }

        private static Double bound(String text) {
            return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.valueOf(text);
        }

        private static Map<String, String> labels(String braces) {
            Map<String, String> labels = new TreeMap<>();
            for (Matcher label = LABEL.matcher(braces); label.find(); ) {
                labels.put(label.group(1), label.group(2));
            }
            return labels;
        }

        private static String shape(String name, Map<String, String> labels) {
            if (name.equals(CONFIGURATION)) {
                Set<String> read = new TreeSet<>(READ_OF_CONFIGURATION);
                read.retainAll(labels.keySet());
                return read.toString();
            }
            // Words first, so that the table above can name a series by them.
            return labels.keySet().stream()
                    .sorted((a, b) -> Boolean.compare(WORDS.contains(b), WORDS.contains(a)))
                    .map(label -> WORDS.contains(label) ? label + "=" + labels.get(label) : label)
                    .collect(Collectors.joining(",", "{", "}"));
        }
    }
}
