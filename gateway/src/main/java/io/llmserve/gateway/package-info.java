/// The front door: HTTP, API keys, limits, proxying to workers, metrics.
@NullMarked
package io.llmserve.gateway;

import org.jspecify.annotations.NullMarked;
