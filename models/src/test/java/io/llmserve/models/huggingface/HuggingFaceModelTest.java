package io.llmserve.models.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.core.TokenizerSource.JsonFile;
import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelConfiguration.Architecture;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelReader;
import io.llmserve.models.TensorSource;
import io.llmserve.tensor.DType;
import io.llmserve.testkit.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceModelTest {
    @TempDir
    Path folder;

    @Test
    void readsAShardedLlama3WithScaledRope() {
        ModelDescription model = ModelReader.open(TinyModels.path("llama3-untied"));
        try (TensorSource tensors = model.tensors()) {
            ModelConfiguration configuration = model.configuration();
            assertThat(configuration.architecture()).isEqualTo(Architecture.LLAMA);
            assertThat(configuration.rope().interleaved()).isFalse();
            assertThat(configuration.rope().theta()).isEqualTo(500_000);
            assertThat(configuration.rope().llama3()).hasValue(new ModelConfiguration.Llama3Scaling(8, 1, 4, 64));
            assertThat(configuration.tiedHead()).isFalse();
            assertThat(model.eosTokenIds()).isEqualTo(Set.of(0, 2));
            assertThat(model.chatTemplate())
                    .hasValueSatisfying(text -> assertThat(text).contains("<|im_start|>"));
            assertThat(model.tokenizer()).isInstanceOf(JsonFile.class);
            assertThat(tensors.get("output.weight").type()).isEqualTo(DType.F32);
            assertThat(tensors.get("blk.2.attn_k.weight").rows()).isEqualTo(32);
        }
    }

    @Test
    void readsMistralsWindow() {
        ModelDescription model = ModelReader.open(TinyModels.path("mistral-window"));
        try (var _ = model.tensors()) {
            assertThat(model.configuration().architecture()).isEqualTo(Architecture.MISTRAL);
            assertThat(model.configuration().slidingWindow()).hasValue(8);
            assertThat(model.configuration().headDimension()).isEqualTo(16);
        }
    }

    @Test
    void readsQwensBiasesAndNorms() {
        ModelDescription qwen2 = ModelReader.open(TinyModels.path("qwen2"));
        ModelDescription qwen3 = ModelReader.open(TinyModels.path("qwen3"));
        try (TensorSource second = qwen2.tensors();
                TensorSource third = qwen3.tensors()) {
            assertThat(second.get("blk.0.attn_q.bias").columns()).isEqualTo(64);
            assertThat(third.get("blk.0.attn_q_norm.weight").columns()).isEqualTo(32);
            assertThat(third.get("blk.0.attn_q.weight").rows()).isEqualTo(128);
            assertThat(qwen3.configuration().headDimension()).isEqualTo(32);
            assertThat(qwen3.configuration().slidingWindow()).isEmpty();
        }
    }

    @Test
    void agreesWithTheSameWeightsInGguf() {
        ModelDescription directory = ModelReader.open(TinyModels.path("llama-tied"));
        ModelDescription file = ModelReader.open(TinyModels.path("llama-tied.BF16"));
        try (TensorSource a = directory.tensors();
                TensorSource b = file.tensors()) {
            for (String name : new String[] {"token_embd.weight", "blk.0.attn_v.weight", "blk.1.ffn_down.weight"}) {
                assertThat(a.get(name).data().mismatch(b.get(name).data()))
                        .as(name)
                        .isEqualTo(-1);
            }
            assertThat(directory.fingerprint()).isNotEqualTo(file.fingerprint());
        }
    }

    @Test
    void namesTheTensorThatIsMissing() throws IOException {
        Path copy = copyOf("llama3-untied");
        Path index = copy.resolve("model.safetensors.index.json");
        Files.writeString(index, Files.readString(index).replace("model-00003-of-00003", "model-00002-of-00003"));
        Path real = copy.toRealPath();
        assertThatThrownBy(() -> ModelReader.open(copy)).isInstanceOfSatisfying(ServeException.class, failure -> {
            assertThat(failure.failure()).isEqualTo(Failure.CORRUPT);
            assertThat(failure.getMessage())
                    .startsWith(real + " is damaged: tensor ")
                    .endsWith("is missing")
                    .containsAnyOf("model.layers.", "lm_head", "model.norm");
        });
    }

    @Test
    void namesBothShapesOfATensorThatDoesNotFit() throws IOException {
        Path copy = copyOf("qwen2");
        edit(copy, "\"intermediate_size\": 96", "\"intermediate_size\": 128");
        assertThatThrownBy(() -> ModelReader.open(copy))
                .hasMessageContaining(
                        "tensor model.layers.0.mlp.gate_proj.weight has shape [96, 64], expected [128, 64]");
    }

    @Test
    void refusesAnotherArchitectureByName() throws IOException {
        Path copy = copyOf("qwen2");
        edit(copy, "Qwen2ForCausalLM", "GemmaForCausalLM");
        assertThatThrownBy(() -> ModelReader.open(copy))
                .hasMessageContaining("GemmaForCausalLM")
                .hasMessageContaining("LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM");
    }

    @Test
    void refusesWhatWouldChangeTheResult() throws IOException {
        refused("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "its activation is gelu");
        refused("\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"yarn\"}", "its RoPE scaling is yarn");
        refused(
                "\"use_cache\": true",
                "\"quantization_config\": {\"quant_method\": \"gptq\"}",
                "its weights are quantised with gptq");
        refused("\"use_cache\": true", "\"attention_bias\": true", "attention_bias is true");
        refused("\"vocab_size\": 320", "\"vocab_size\": -1", "vocab_size must be an integer from 0");
        refused("\"vocab_size\": 320", "\"vocab_size\": 1e99", "vocab_size must be an integer from 0");
        refused("\"num_attention_heads\": 4", "\"num_attention_heads\": 0", "is no multiple of");
        refused("\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": -1", "norm epsilon must be in (0, 1)");
        refused("\"eos_token_id\": 2", "\"eos_token_id\": 320", "a token id below 320");
    }

    @Test
    void readsBothSpellingsOfRopeScaling() throws IOException {
        assertThat(ropeOf("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0}")
                        .linearFactor())
                .isEqualTo(2);
        assertThat(ropeOf("\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 32, \"low_freq_factor\": 1,"
                                + " \"high_freq_factor\": 4, \"original_max_position_embeddings\": 8192}")
                        .llama3())
                .hasValue(new ModelConfiguration.Llama3Scaling(32, 1, 4, 8192));
        ModelConfiguration.Rope modern =
                ropeOf("\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 12345.0}");
        assertThat(modern.theta()).isEqualTo(12345);
        assertThat(modern.llama3()).isEmpty();
    }

    @Test
    void takesTheDefaultOfNamedTemplates() throws IOException {
        Path copy = copyOf("qwen2");
        Path tokenizer = copy.resolve("tokenizer_config.json");
        Files.writeString(
                tokenizer,
                "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"R\"}, {\"name\": \"default\", \"template\": \"D\"}]}");
        ModelDescription model = ModelReader.open(copy);
        model.tensors().close();
        assertThat(model.chatTemplate()).hasValue("D");
    }

    private ModelConfiguration.Rope ropeOf(String field) throws IOException {
        Path copy = copyOf("qwen2");
        edit(copy, "\"rope_scaling\": null", field);
        ModelDescription model = ModelReader.open(copy);
        model.tensors().close();
        return model.configuration().rope();
    }

    private void refused(String field, String replacement, String message) throws IOException {
        Path copy = copyOf("qwen2");
        edit(copy, field, replacement);
        Files.delete(copy.resolve("generation_config.json"));
        assertThatThrownBy(() -> ModelReader.open(copy))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("config.json")
                .hasMessageContaining(message);
    }

    private static void edit(Path directory, String from, String to) throws IOException {
        Path config = directory.resolve("config.json");
        String text = Files.readString(config);
        assertThat(text).contains(from);
        Files.writeString(config, text.replace(from, to));
    }

    private Path copyOf(String name) throws IOException {
        Path target = Files.createTempDirectory(folder, name);
        try (Stream<Path> files = Files.list(TinyModels.path(name))) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(file.getFileName().toString()));
            }
        }
        return target;
    }
}
