package io.llmserve.models;

import io.llmserve.tensor.StoredTensor;
import java.util.Optional;

/// Tensors by canonical name, mapped and read-only, in GGUF's spelling whatever the format: `token_embd`,
/// `output_norm`, `output`, `rope_freqs`, `blk.N.{attn_norm, attn_q, attn_k, attn_v, attn_output,
/// attn_q_norm, attn_k_norm, ffn_norm, ffn_gate, ffn_up, ffn_down}`, each with `.weight` or `.bias`.
public interface TensorSource extends AutoCloseable {
    Optional<StoredTensor> find(String name);

    /// The tensor, or a failure (CORRUPT) that names the file and what is missing.
    StoredTensor get(String name);

    /// Unmaps the files. No tensor may be read afterwards.
    @Override
    void close();
}
