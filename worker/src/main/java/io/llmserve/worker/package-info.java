/// An engine as a server that speaks vLLM's worker contract over HTTP.
@NullMarked
package io.llmserve.worker;

import org.jspecify.annotations.NullMarked;
