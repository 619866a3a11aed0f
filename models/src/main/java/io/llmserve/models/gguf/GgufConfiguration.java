package io.llmserve.models.gguf;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelConfiguration.Architecture;
import io.llmserve.models.ModelConfiguration.Rope;
import io.llmserve.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// The model's shape as GGUF's metadata tells it (`{architecture}.*`), and by which tensors there are.
final class GgufConfiguration {
    private final Path file;
    private final GgufMetadata metadata;
    private final Map<String, StoredTensor> tensors;
    private final String prefix;

    private GgufConfiguration(Path file, GgufFile gguf, String prefix) {
        this.file = file;
        this.metadata = gguf.metadata();
        this.tensors = gguf.tensors();
        this.prefix = prefix;
    }

    static ModelConfiguration read(Path file, GgufFile gguf) {
        String name = gguf.metadata()
                .text("general.architecture")
                .orElseThrow(() -> damaged(file, "metadata has no general.architecture"));
        Architecture architecture = switch (name) {
            case "llama" -> Architecture.LLAMA;
            case "qwen2" -> Architecture.QWEN2;
            case "qwen3" -> Architecture.QWEN3;
            default ->
                throw unsupported(file, "its architecture is %s; supported in GGUF are llama, qwen2, qwen3", name);
        };
        GgufConfiguration reader = new GgufConfiguration(file, gguf, name + ".");
        reader.refuseVariants();
        try {
            return reader.configuration(architecture);
        } catch (IllegalArgumentException e) {
            throw damaged(file, e, "%s", e.getMessage());
        }
    }

    private void refuseVariants() {
        int experts = count("expert_count", 0);
        if (experts > 0) {
            throw unsupported(file, "it is a mixture of %d experts; only dense models are supported", experts);
        }
        int parts = metadata.count("split.count").orElse(1);
        if (parts > 1) {
            throw unsupported(file, "it is one of %d parts; merge them with llama-gguf-split --merge", parts);
        }
    }

    private ModelConfiguration configuration(Architecture architecture) {
        int hidden = metadata.requiredCount(prefix + "embedding_length");
        int heads = metadata.requiredCount(prefix + "attention.head_count");
        int head = count("attention.key_length", hidden / Math.max(1, heads));
        int valueLength = count("attention.value_length", head);
        if (valueLength != head) {
            throw unsupported(file, "keys have %d dimensions but values %d", head, valueLength);
        }
        return new ModelConfiguration(
                architecture,
                vocabulary(),
                hidden,
                metadata.requiredCount(prefix + "feed_forward_length"),
                metadata.requiredCount(prefix + "block_count"),
                heads,
                count("attention.head_count_kv", heads),
                head,
                metadata.requiredCount(prefix + "context_length"),
                metadata.real(prefix + "attention.layer_norm_rms_epsilon")
                        .orElseThrow(() -> damaged(file, "metadata has no %sattention.layer_norm_rms_epsilon", prefix)),
                rope(architecture, head),
                tensors.containsKey("blk.0.attn_q.bias"),
                architecture == Architecture.QWEN3,
                !tensors.containsKey("output.weight"),
                architecture == Architecture.LLAMA
                        ? metadata.count(prefix + "attention.sliding_window").filter(window -> window > 0)
                        : Optional.empty());
    }

    private int vocabulary() {
        StoredTensor embedding = tensors.get("token_embd.weight");
        if (embedding == null) {
            throw damaged(file, "tensor token_embd.weight is missing");
        }
        return embedding.rows();
    }

    private Rope rope(Architecture architecture, int head) {
        String scaling = metadata.text(prefix + "rope.scaling.type").orElse("none");
        Optional<Float> factor = metadata.real(prefix + "rope.scaling.factor");
        float linearFactor = switch (scaling) {
            case "none" -> metadata.real(prefix + "rope.scale_linear").orElse(1f);
            case "linear" ->
                factor.or(() -> metadata.real(prefix + "rope.scale_linear")).orElse(1f);
            default ->
                throw unsupported(
                        file,
                        "its RoPE scaling is %s; supported are none, linear and Llama 3's rope_freqs tensor",
                        scaling);
        };
        return new Rope(
                metadata.real(prefix + "rope.freq_base").orElse(10000f),
                count("rope.dimension_count", head),
                architecture == Architecture.LLAMA,
                Optional.empty(),
                linearFactor);
    }

    private int count(String key, int otherwise) {
        return metadata.count(prefix + key).orElse(otherwise);
    }
}
