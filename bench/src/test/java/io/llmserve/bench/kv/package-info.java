/// Benchmarks of routing's index of KV blocks, beside the way others build one.
@NullMarked
package io.llmserve.bench.kv;

import org.jspecify.annotations.NullMarked;
