@NullMarked
package io.llmserve.admission;

import org.jspecify.annotations.NullMarked;
