@NullMarked
package io.llmserve.bench.load;

import org.jspecify.annotations.NullMarked;
