package io.llmserve.models.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.TokenizerSource.Vocabulary;
import io.llmserve.models.ModelConfiguration.Architecture;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.tensor.DType;
import io.llmserve.testkit.TinyModels;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GgufModelTest {
    @Test
    void readsTheShapeOfALlamaModel() {
        ModelDescription model = ModelReader.open(TinyModels.path("llama-tied.BF16"));
        try (var tensors = model.tensors()) {
            assertThat(model.name()).isEqualTo("llama-tied.BF16");
            assertThat(model.configuration().architecture()).isEqualTo(Architecture.LLAMA);
            assertThat(model.configuration().vocabulary()).isEqualTo(320);
            assertThat(model.configuration().headDimension()).isEqualTo(16);
            assertThat(model.configuration().rope().interleaved()).isTrue();
            assertThat(model.configuration().tiedHead()).isTrue();
            assertThat(tensors.get("blk.1.ffn_down.weight").type()).isEqualTo(DType.BF16);
            assertThat(tensors.get("blk.1.ffn_down.weight").columns()).isEqualTo(96);
            assertThat(tensors.get("output_norm.weight").rows()).isEqualTo(1);
        }
    }

    @Test
    void readsTheVocabularyAndTheEndTokens() {
        ModelDescription model = ModelReader.open(TinyModels.path("qwen2.Q4_0"));
        try (var _ = model.tensors()) {
            Vocabulary vocabulary = (Vocabulary) model.tokenizer();
            assertThat(vocabulary.model()).isEqualTo("gpt2");
            assertThat(vocabulary.tokens()).hasSize(320).startsWith("<|endoftext|>", "<|im_start|>", "<|im_end|>");
            assertThat(vocabulary.merges()).hasSize(61);
            assertThat(vocabulary.special().bos()).isEqualTo(1);
            assertThat(model.eosTokenIds()).isEqualTo(Set.of(0, 2));
            assertThat(model.chatTemplate())
                    .hasValueSatisfying(template -> assertThat(template).contains("<|im_start|>"));
            assertThat(model.configuration().attentionBias()).isTrue();
        }
    }
}
