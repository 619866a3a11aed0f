@NullMarked
package io.llmserve.admission.budget;

import org.jspecify.annotations.NullMarked;
