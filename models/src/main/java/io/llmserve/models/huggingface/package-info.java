/// Reads model directories as transformers saves them: config.json, safetensors, tokenizer files.
@NullMarked
package io.llmserve.models.huggingface;

import org.jspecify.annotations.NullMarked;
