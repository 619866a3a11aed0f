/// Strings to token ids and back: tokenizer, chat template, incremental detokenisation, stop strings. Imports core
/// only.
@NullMarked
package io.llmserve.text;

import org.jspecify.annotations.NullMarked;
