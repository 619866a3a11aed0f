/// Measures how fast KV pages move between two processes, beside a plain copy and a plain socket.
@NullMarked
package io.llmserve.bench.transfer;

import org.jspecify.annotations.NullMarked;
