package io.llmserve.app;

import io.llmserve.core.HostPort;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The metrics of workers in other processes, asked for when somebody looks. A worker that does not answer shows
/// none.
final class ScrapedPages implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ScrapedPages.class);
    /// Prometheus itself gives up after 10 s.
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    MetricSnapshots of(HostPort worker) {
        URI uri = URI.create("http://" + worker + "/metrics");
        HttpRequest request = HttpRequest.newBuilder(uri).timeout(PATIENCE).build();
        try {
            return PrometheusText.parse(
                    client.send(request, HttpResponse.BodyHandlers.ofString()).body());
        } catch (IOException failure) {
            LOG.debug("{} shows no metrics", worker, failure);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        return MetricSnapshots.of();
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
