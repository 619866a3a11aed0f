@NullMarked
package io.llmserve.bench.fairness;

import org.jspecify.annotations.NullMarked;
