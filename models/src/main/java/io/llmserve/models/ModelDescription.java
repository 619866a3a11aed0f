package io.llmserve.models;

import io.llmserve.core.TokenizerSource;
import java.util.Optional;
import java.util.Set;

/// All that is known of a model from its files, whatever their format: what the engine, the tokenizer and the API
/// need.
///
/// @param fingerprint names the weights' content: equal fingerprints, equal model (part of every KV page's identity)
/// @param chatTemplate the model's own Jinja source
/// @param eosTokenIds all tokens that end a turn or a text (several for some instruct models)
public record ModelDescription(
        String name,
        String fingerprint,
        ModelConfiguration configuration,
        TokenizerSource tokenizer,
        Optional<String> chatTemplate,
        Set<Integer> eosTokenIds,
        TensorSource tensors) {}
