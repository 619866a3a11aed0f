@NullMarked
package io.llmserve.admission.share;

import org.jspecify.annotations.NullMarked;
