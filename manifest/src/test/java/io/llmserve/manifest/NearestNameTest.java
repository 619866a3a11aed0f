package io.llmserve.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNameTest {
    private static final List<String> KNOWN = List.of("port", "metrics_port", "host");

    @Test
    void findsSwappedMissingAndForeignLetters() {
        assertThat(NearestName.of("prot", KNOWN)).contains("port");
        assertThat(NearestName.of("metricsPort", KNOWN)).contains("metrics_port");
        assertThat(NearestName.of("metric_ports", KNOWN)).contains("metrics_port");
    }

    @Test
    void doesNotGuessWildly() {
        assertThat(NearestName.of("temperature", KNOWN)).isEmpty();
        assertThat(NearestName.of("x".repeat(100_000), KNOWN)).isEmpty();
    }
}
