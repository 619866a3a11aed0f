@NullMarked
package io.llmserve.transfer;

import org.jspecify.annotations.NullMarked;
