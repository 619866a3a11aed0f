package io.llmserve.models.huggingface;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Transformers' names of a Llama-like model's tensors, and the canonical ones of [io.llmserve.models.TensorSource].
final class TensorNames {
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(0|[1-9]\\d{0,4})\\.(.+)\\.(weight|bias)");
    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d+)\\.(.+)\\.(weight|bias)");

    private static final Map<String, String> OUTSIDE = Map.of(
            "model.embed_tokens.weight", "token_embd.weight",
            "model.norm.weight", "output_norm.weight",
            "lm_head.weight", "output.weight");

    private static final Map<String, String> IN_LAYER = Map.ofEntries(
            Map.entry("input_layernorm", "attn_norm"),
            Map.entry("self_attn.q_proj", "attn_q"),
            Map.entry("self_attn.k_proj", "attn_k"),
            Map.entry("self_attn.v_proj", "attn_v"),
            Map.entry("self_attn.o_proj", "attn_output"),
            Map.entry("self_attn.q_norm", "attn_q_norm"),
            Map.entry("self_attn.k_norm", "attn_k_norm"),
            Map.entry("post_attention_layernorm", "ffn_norm"),
            Map.entry("mlp.gate_proj", "ffn_gate"),
            Map.entry("mlp.up_proj", "ffn_up"),
            Map.entry("mlp.down_proj", "ffn_down"));

    private static final Map<String, String> OUTSIDE_BACK = inverse(OUTSIDE);
    private static final Map<String, String> IN_LAYER_BACK = inverse(IN_LAYER);

    private TensorNames() {}

    /// Empty where the tensor is of no known kind.
    static Optional<String> canonical(String name) {
        Matcher layer = LAYER.matcher(name);
        if (!layer.matches()) {
            return Optional.ofNullable(OUTSIDE.get(name));
        }
        return Optional.ofNullable(IN_LAYER.get(layer.group(2)))
                .map(part -> "blk.%s.%s.%s".formatted(layer.group(1), part, layer.group(3)));
    }

    /// The name for messages; what is not canonical stays as it is.
    static String original(String canonical) {
        Matcher block = BLOCK.matcher(canonical);
        if (!block.matches()) {
            return OUTSIDE_BACK.getOrDefault(canonical, canonical);
        }
        String part = IN_LAYER_BACK.get(block.group(2));
        return part == null ? canonical : "model.layers.%s.%s.%s".formatted(block.group(1), part, block.group(3));
    }

    /// Constants that some checkpoints carry along.
    static boolean isIgnored(String name) {
        return name.endsWith(".rotary_emb.inv_freq");
    }

    private static Map<String, String> inverse(Map<String, String> map) {
        return map.entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));
    }
}
