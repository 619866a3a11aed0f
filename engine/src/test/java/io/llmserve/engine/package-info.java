@NullMarked
package io.llmserve.engine;

import org.jspecify.annotations.NullMarked;
