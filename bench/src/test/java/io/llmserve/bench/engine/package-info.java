@NullMarked
package io.llmserve.bench.engine;

import org.jspecify.annotations.NullMarked;
