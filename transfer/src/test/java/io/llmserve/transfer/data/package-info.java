@NullMarked
package io.llmserve.transfer.data;

import org.jspecify.annotations.NullMarked;
