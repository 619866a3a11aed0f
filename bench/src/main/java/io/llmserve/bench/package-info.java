/// Open-loop load generator, engine benchmark.
@NullMarked
package io.llmserve.bench;

import org.jspecify.annotations.NullMarked;
