package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricsPageTest {
    @Test
    void addsUpEachNameOverItsLabels() {
        MetricsPage page = MetricsPage.parse("""
                # HELP vllm:num_requests_running Requests.
                # TYPE vllm:num_requests_running gauge
                vllm:num_requests_running{model_name="a b} c"} 2.0
                vllm:num_requests_running{model_name="d"} 1.0 1700000000
                up 1

                nonsense
                """);

        assertThat(page.sum("vllm:num_requests_running")).isEqualTo(3);
        assertThat(page.sum("up")).isEqualTo(1);
        assertThat(page.sum("absent")).isZero();
        assertThat(page.sum("vllm:num_requests_running", "model_name", "a b} c"))
                .isEqualTo(2);
        assertThat(page.mean("vllm:num_requests_running")).isEqualTo(1.5);
        assertThat(page.mean("absent")).isZero();
        assertThat(MetricsPage.parse("x{a=\"b\\n\\\\\\\"c\",d=\"e\"} 1")
                        .samples()
                        .getFirst()
                        .labels())
                .isEqualTo(Map.of("a", "b\n\\\"c", "d", "e"));
    }
}
