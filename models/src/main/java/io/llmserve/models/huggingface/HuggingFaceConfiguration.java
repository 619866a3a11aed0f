package io.llmserve.models.huggingface;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelConfiguration.Architecture;
import io.llmserve.models.ModelConfiguration.Llama3Scaling;
import io.llmserve.models.ModelConfiguration.Rope;
import java.nio.file.Path;
import java.util.Optional;

/// The model's shape as `config.json` tells it, in the spellings of transformers 4 and 5. What would change the result
/// and is not computed here is refused by name.
final class HuggingFaceConfiguration {
    private static final String SUPPORTED = "LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM";
    private static final float DEFAULT_THETA = 10000;

    private final Path file;
    private final JsonDocument config;

    private HuggingFaceConfiguration(JsonDocument config) {
        this.file = config.file();
        this.config = config;
    }

    static ModelConfiguration read(JsonDocument config) {
        try {
            return new HuggingFaceConfiguration(config).configuration();
        } catch (IllegalArgumentException e) {
            throw damaged(config.file(), e, "%s", e.getMessage());
        }
    }

    private ModelConfiguration configuration() {
        Architecture architecture = architecture();
        refuseVariants();
        int hidden = config.requiredCount("hidden_size");
        int heads = config.requiredCount("num_attention_heads");
        int layers = config.requiredCount("num_hidden_layers");
        int head = config.count("head_dim").orElseGet(() -> evenShare(hidden, heads));
        return new ModelConfiguration(
                architecture,
                config.requiredCount("vocab_size"),
                hidden,
                config.requiredCount("intermediate_size"),
                layers,
                heads,
                config.count("num_key_value_heads").orElse(heads),
                head,
                config.requiredCount("max_position_embeddings"),
                config.requiredReal("rms_norm_eps"),
                rope(head),
                architecture == Architecture.QWEN2,
                architecture == Architecture.QWEN3,
                config.flag("tie_word_embeddings").orElse(false),
                slidingWindow(architecture, layers));
    }

    private Architecture architecture() {
        JsonNode names = config.at("architectures");
        String name = names.isArray() && names.size() == 1 ? names.get(0).asText("") : names.toString();
        return switch (name) {
            case "LlamaForCausalLM" -> Architecture.LLAMA;
            case "MistralForCausalLM" -> Architecture.MISTRAL;
            case "Qwen2ForCausalLM" -> Architecture.QWEN2;
            case "Qwen3ForCausalLM" -> Architecture.QWEN3;
            default ->
                throw unsupported(
                        file,
                        "its architecture is %s; supported are %s",
                        name.isEmpty() ? "not named" : name.substring(0, Math.min(80, name.length())),
                        SUPPORTED);
        };
    }

    private void refuseVariants() {
        config.child("quantization_config").ifPresent(quantization -> {
            throw unsupported(
                    file,
                    "its weights are quantised with %s; supported in safetensors are F32, F16, BF16",
                    quantization.at("quant_method").asText("an unnamed method"));
        });
        String activation = config.text("hidden_act").orElse("silu");
        if (!activation.equals("silu")) {
            throw unsupported(file, "its activation is %s; supported is silu", activation);
        }
        for (String bias : new String[] {"attention_bias", "mlp_bias"}) {
            if (config.flag(bias).orElse(false)) {
                throw unsupported(file, "%s is true, which is not supported", bias);
            }
        }
    }

    private int evenShare(int hidden, int heads) {
        if (heads == 0 || hidden % heads != 0) {
            throw damaged(file, "hidden_size %d is no multiple of num_attention_heads %d", hidden, heads);
        }
        return hidden / heads;
    }

    private Rope rope(int head) {
        // rope_parameters is transformers 5's name; rope_scaling with top-level rope_theta is the older one.
        Optional<JsonDocument> parameters = config.child("rope_parameters").or(() -> config.child("rope_scaling"));
        float theta = parameters
                .flatMap(p -> p.real("rope_theta"))
                .or(() -> config.real("rope_theta"))
                .orElse(DEFAULT_THETA);
        float share = parameters
                .flatMap(p -> p.real("partial_rotary_factor"))
                .or(() -> config.real("partial_rotary_factor"))
                .orElse(1f);
        int dimension = (int) (head * share);
        String type = parameters
                .flatMap(p -> p.text("rope_type").or(() -> p.text("type")))
                .orElse("default");
        return switch (type) {
            case "default" -> new Rope(theta, dimension, false, Optional.empty(), 1);
            case "linear" ->
                new Rope(
                        theta,
                        dimension,
                        false,
                        Optional.empty(),
                        parameters.orElseThrow().requiredReal("factor"));
            case "llama3" -> new Rope(theta, dimension, false, Optional.of(llama3(parameters.orElseThrow())), 1);
            default -> throw unsupported(file, "its RoPE scaling is %s; supported are default, linear, llama3", type);
        };
    }

    private static Llama3Scaling llama3(JsonDocument scaling) {
        return new Llama3Scaling(
                scaling.requiredReal("factor"),
                scaling.requiredReal("low_freq_factor"),
                scaling.requiredReal("high_freq_factor"),
                scaling.requiredCount("original_max_position_embeddings"));
    }

    /// Mistral's window is on wherever it is set; Qwen's only with `use_sliding_window`, from layer `max_window_layers`
    /// on. One window for all layers is supported, and none.
    private Optional<Integer> slidingWindow(Architecture architecture, int layers) {
        Optional<Integer> window = config.count("sliding_window");
        boolean used = switch (architecture) {
            case LLAMA -> false;
            case MISTRAL -> window.isPresent();
            case QWEN2, QWEN3 ->
                window.isPresent() && config.flag("use_sliding_window").orElse(false);
        };
        if (!used) {
            return Optional.empty();
        }
        int slidingLayers = slidingLayers(architecture, layers);
        if (slidingLayers != 0 && slidingLayers != layers) {
            throw unsupported(
                    file,
                    "%d of its %d layers attend to a sliding window; supported are all or none",
                    slidingLayers,
                    layers);
        }
        return slidingLayers == 0 ? Optional.empty() : window;
    }

    private int slidingLayers(Architecture architecture, int layers) {
        JsonNode types = config.at("layer_types");
        if (types.isArray()) {
            int sliding = 0;
            for (JsonNode type : types) {
                sliding += type.asText("").equals("sliding_attention") ? 1 : 0;
            }
            return sliding == types.size() ? layers : Math.min(sliding, layers - 1);
        }
        return architecture == Architecture.MISTRAL
                ? layers
                : Math.max(0, layers - config.count("max_window_layers").orElse(28));
    }
}
