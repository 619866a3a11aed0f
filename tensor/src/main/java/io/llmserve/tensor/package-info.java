/// Math on memory: dtypes, packed weights, kernels. Imports core only; the one room that sees
/// `jdk.incubator.vector`.
@NullMarked
package io.llmserve.tensor;

import org.jspecify.annotations.NullMarked;
