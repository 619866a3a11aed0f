/// Bytes to values and back: OpenAI JSON, SSE, the vLLM worker contract. Imports core only.
@NullMarked
package io.llmserve.wire;

import org.jspecify.annotations.NullMarked;
