@NullMarked
package io.llmserve.bench.fleet;

import org.jspecify.annotations.NullMarked;
