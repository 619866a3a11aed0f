package io.llmserve.gateway;

import io.llmserve.gateway.GatewayOptions.Listen;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The port that Prometheus scrapes. Rendering runs beside the event loop.
final class MetricsDoor extends VerticleBase {
    private static final int IDLE_SECONDS = 120;

    private final Listen listen;
    private final PrometheusRegistry registry;
    private final ExpositionFormats formats = ExpositionFormats.init();
    private @Nullable HttpServer server;

    MetricsDoor(Listen listen, PrometheusRegistry registry) {
        this.listen = listen;
        this.registry = registry;
    }

    @Override
    public Future<?> start() {
        server = vertx.createHttpServer(new HttpServerOptions()
                        .setHost(listen.host())
                        .setPort(listen.metricsPort())
                        .setIdleTimeout(IDLE_SECONDS)
                        .setHttp2ClearTextEnabled(false))
                .requestHandler(this::answer);
        return server.listen();
    }

    int actualPort() {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return server.actualPort();
    }

    private void answer(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        switch (request.path()) {
            case "/metrics" -> metrics(request.getHeader(HttpHeaders.ACCEPT), response);
            case "/health" ->
                response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json").end("{\"status\":\"ok\"}");
            case null, default -> response.setStatusCode(404).end("there are /metrics and /health here\n");
        }
    }

    private void metrics(@Nullable String accept, HttpServerResponse response) {
        ExpositionFormatWriter writer = formats.findWriter(accept);
        vertx.executeBlocking(() -> render(writer))
                .onSuccess(text -> response.putHeader(HttpHeaders.CONTENT_TYPE, writer.getContentType())
                        .end(text))
                .onFailure(cause -> response.setStatusCode(500).end("the metrics could not be read: " + cause + "\n"));
    }

    private Buffer render(ExpositionFormatWriter writer) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream(16 << 10);
        writer.write(text, registry.scrape());
        return Buffer.buffer(text.toByteArray());
    }
}
