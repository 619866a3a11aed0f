/// Reads GGUF files (versions 2 and 3, little-endian): metadata, tensors, and what they say about the model.
@NullMarked
package io.llmserve.models.gguf;

import org.jspecify.annotations.NullMarked;
