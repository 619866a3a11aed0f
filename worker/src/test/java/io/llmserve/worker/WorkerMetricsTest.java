package io.llmserve.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Clock;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class WorkerMetricsTest {
    /// Time stands still, so that the text is always the same.
    private static final Clock FROZEN = new Clock() {
        @Override
        public long nanos() {
            return 0;
        }

        @Override
        public Instant now() {
            return Instant.EPOCH;
        }
    };

    @Test
    void speaksVllmsNamesInPrometheusText() throws IOException {
        try (Harness worker = new Harness(Harness.options(), FROZEN)) {
            worker.post("/v1/completions", "{\"prompt\":\"abcd\",\"max_tokens\":3,\"n\":2}");
            worker.engine.says("stop$");
            worker.post("/v1/completions", "{\"prompt\":\"ab\",\"max_tokens\":10,\"stream\":true}");
            worker.post("/v1/completions", "{\"prompt\":\"ab\",\"max_tokens\":0}");
            Harness.eventually(() -> worker.server.openRequests() == 0);
            HttpResponse<String> response = worker.get("/metrics");
            assertThat(response.headers().firstValue("content-type"))
                    .contains("text/plain; version=0.0.4; charset=utf-8");
            assertThat(response.body()).isEqualTo(golden());
        }
    }

    private static String golden() throws IOException {
        try (InputStream stream = WorkerMetricsTest.class.getResourceAsStream("metrics.txt")) {
            if (stream == null) {
                throw new AssertionError("no golden file metrics.txt");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
