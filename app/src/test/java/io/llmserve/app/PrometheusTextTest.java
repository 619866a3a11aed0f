package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import org.junit.jupiter.api.Test;

class PrometheusTextTest {
    /// As vLLM writes it.
    private static final String TEXT = """
            # HELP vllm:prompt_tokens_total Number of prefill tokens processed.
            # TYPE vllm:prompt_tokens_total counter
            vllm:prompt_tokens_total{engine="0",model_name="a \\"b\\""} 4636.0
            # TYPE vllm:prompt_tokens_created gauge
            vllm:prompt_tokens_created{engine="0",model_name="a \\"b\\""} 1.795e+09
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{engine="0"} 2.0
            # TYPE vllm:cache_config_info gauge
            vllm:cache_config_info{block_size="16",engine="0"} 1.0
            # TYPE vllm:ttft_seconds histogram
            vllm:ttft_seconds_bucket{engine="0",le="0.1"} 2.0
            vllm:ttft_seconds_bucket{engine="0",le="1.0"} 5.0
            vllm:ttft_seconds_bucket{engine="0",le="+Inf"} 6.0
            vllm:ttft_seconds_count{engine="0"} 6.0
            vllm:ttft_seconds_sum{engine="0"} 7.5
            # TYPE python_gc summary
            python_gc_count 3.0
            """;

    @Test
    void readsBackWhatWorkersShow() {
        MetricSnapshots page = PrometheusText.parse(TEXT);

        assertThat(page.stream().map(family -> family.getMetadata().getName()))
                .containsExactlyInAnyOrder(
                        "vllm:prompt_tokens", "vllm:num_requests_running", "vllm:cache_config", "vllm:ttft_seconds");
        assertThat(family(page, "vllm:prompt_tokens")).isInstanceOfSatisfying(CounterSnapshot.class, counter -> {
            assertThat(counter.getMetadata().getHelp()).isEqualTo("Number of prefill tokens processed.");
            assertThat(counter.getDataPoints().getFirst().getValue()).isEqualTo(4636);
            assertThat(counter.getDataPoints().getFirst().getLabels().get("model_name"))
                    .isEqualTo("a \"b\"");
        });
        assertThat(family(page, "vllm:ttft_seconds")).isInstanceOfSatisfying(HistogramSnapshot.class, histogram -> {
            var point = histogram.getDataPoints().getFirst();
            assertThat(point.getCount()).isEqualTo(6);
            assertThat(point.getSum()).isEqualTo(7.5);
            assertThat(point.getClassicBuckets().getCount(1)).isEqualTo(3);
            assertThat(point.getLabels().contains("le")).isFalse();
        });
    }

    private static MetricSnapshot family(MetricSnapshots page, String name) {
        return page.stream()
                .filter(family -> family.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
