package io.llmserve.app;

import io.llmserve.app.InstanceRegistry.Instance;
import io.llmserve.app.MetricsPage.Sample;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = "Shows the instances that run on this machine: address, model, load. Ends with 1 when none runs.")
final class StatusCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long SAMPLE_MILLIS = 1000;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        List<Instance> running = instances();
        if (running.isEmpty()) {
            out.println("No llmserve of yours runs on this machine. Start one with `llmserve up`.");
            out.flush();
            return ExitCode.FAILED;
        }
        try (HttpClient client =
                HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
            for (Instance instance : running) {
                print(out, instance, client);
            }
        }
        out.flush();
        return ExitCode.DONE;
    }

    private static List<Instance> instances() {
        try {
            return InstanceRegistry.ofUser().running();
        } catch (IOException failure) {
            throw new ServeException(
                    Failure.INTERNAL, "the list of running instances cannot be read: " + failure.getMessage(), failure);
        }
    }

    private static void print(PrintWriter out, Instance instance, HttpClient client) throws InterruptedException {
        String host = Addresses.forClients(instance.value("spec.server.host"));
        String api = "http://%s:%s".formatted(host, instance.value("spec.server.port"));
        String metrics = "http://%s:%s/metrics".formatted(host, instance.value("spec.server.metrics_port"));
        Duration up = Duration.between(instance.started(), Instant.now());
        out.printf("%s  process %d, up %s%n", instance.value("metadata.name"), instance.processId(), words(up));
        out.printf("  address    %s/v1  (metrics %s)%n", api, metrics);
        out.printf("  model      %s%n", instance.value("spec.models.primary.id"));
        out.printf("  ready      %s%n", readiness(client, api));
        try {
            MetricsPage before = MetricsPage.parse(get(client, metrics).body());
            Thread.sleep(SAMPLE_MILLIS);
            printLoad(out, before, MetricsPage.parse(get(client, metrics).body()));
        } catch (IOException failure) {
            out.printf("  metrics    no answer (%s)%n", failure);
        }
    }

    private static void printLoad(PrintWriter out, MetricsPage before, MetricsPage now) {
        String tokens = "vllm:generation_tokens_total";
        out.printf(
                Locale.ROOT,
                "  requests   %.0f running, %.0f waiting%n",
                now.sum("vllm:num_requests_running"),
                now.sum("vllm:num_requests_waiting"));
        out.printf(Locale.ROOT, "  KV cache   %.1f %% used%n", 100 * now.mean("vllm:kv_cache_usage_perc"));
        out.printf(
                Locale.ROOT,
                "  tokens     %.0f/s now, %.0f generated, %.0f prompt%n",
                (now.sum(tokens) - before.sum(tokens)) * 1000 / SAMPLE_MILLIS,
                now.sum(tokens),
                now.sum("vllm:prompt_tokens_total"));
        List<Sample> workers = now.of("llmserve_worker_up").toList();
        if (workers.size() > 1) {
            workers.forEach(worker -> printWorker(out, now, worker));
        }
    }

    private static void printWorker(PrintWriter out, MetricsPage now, Sample worker) {
        String address = worker.label("worker");
        out.printf(
                Locale.ROOT,
                "  %-9s  %-21s  %s, %.0f running, %.0f waiting, KV cache %.1f %%%n",
                worker.label("role"),
                address,
                worker.value() > 0 ? "up" : "out",
                now.sum("vllm:num_requests_running", "worker", address),
                now.sum("vllm:num_requests_waiting", "worker", address),
                100 * now.sum("vllm:kv_cache_usage_perc", "worker", address));
    }

    private static String readiness(HttpClient client, String api) throws InterruptedException {
        try {
            int status = get(client, api + "/ready").statusCode();
            return status == 200 ? "yes" : "no (HTTP %d)".formatted(status);
        } catch (IOException failure) {
            return "no answer (%s)".formatted(failure);
        }
    }

    private static HttpResponse<String> get(HttpClient client, String uri) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(uri)).timeout(PATIENCE).build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static String words(Duration time) {
        return time.toHours() > 0
                ? "%d h %d min".formatted(time.toHours(), time.toMinutesPart())
                : "%d min %d s".formatted(time.toMinutes(), time.toSecondsPart());
    }
}
