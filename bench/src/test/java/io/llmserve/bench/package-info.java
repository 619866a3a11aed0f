@NullMarked
package io.llmserve.bench;

import org.jspecify.annotations.NullMarked;
