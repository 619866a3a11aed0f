package io.llmserve.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.models.TensorSource;
import io.llmserve.tensor.StoredTensor;
import io.llmserve.testkit.TinyModels;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelRehearsalTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @ParameterizedTest
    @ValueSource(strings = {"llama-tied.BF16", "llama3-untied.Q8_0", "qwen2", "qwen3.Q4_1", "mistral-window"})
    void runsWhileTheFilesOfTheModelAreClosed(String name) {
        ModelDescription model = ModelReader.open(TinyModels.path(name));
        try (KernelRehearsal rehearsal = KernelRehearsal.begin(model, TinyEngines.OPTIONS, LIMIT)) {
            model.tensors().close();
            rehearsal.await();
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("rehearsal", "engine-step");
    }

    @Test
    void needsTheFirstLayerOnly() {
        ModelDescription whole = ModelReader.open(TinyModels.path("llama3-untied.Q8_0"));
        try (TensorSource tensors = whole.tensors()) {
            ModelDescription part = with(whole, "blk.1.ffn_up.weight", tensors);
            KernelRehearsal.begin(part, TinyEngines.OPTIONS, LIMIT).close();

            ModelDescription nothing = with(whole, "blk.0.ffn_up.weight", tensors);
            assertThatThrownBy(() -> KernelRehearsal.begin(nothing, TinyEngines.OPTIONS, LIMIT))
                    .isInstanceOfSatisfying(
                            ServeException.class,
                            failure -> assertThat(failure.failure()).isEqualTo(Failure.CORRUPT));
        }
    }

    private static ModelDescription with(ModelDescription whole, String missing, TensorSource tensors) {
        return new ModelDescription(
                whole.name(),
                whole.fingerprint(),
                whole.configuration(),
                whole.tokenizer(),
                whole.chatTemplate(),
                whole.eosTokenIds(),
                new Without(tensors, missing));
    }

    private record Without(TensorSource whole, String missing) implements TensorSource {
        @Override
        public Optional<StoredTensor> find(String name) {
            return name.equals(missing) ? Optional.empty() : whole.find(name);
        }

        @Override
        public StoredTensor get(String name) {
            return find(name).orElseThrow(() -> new ServeException(Failure.CORRUPT, name + " is missing"));
        }

        @Override
        public void close() {}
    }
}
