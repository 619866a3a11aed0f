/// Open-loop load on any OpenAI endpoint: what is sent when (pure), the sending (HTTP), what came of it (pure).
@NullMarked
package io.llmserve.bench.load;

import org.jspecify.annotations.NullMarked;
