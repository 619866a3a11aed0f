@NullMarked
package io.llmserve.control;

import org.jspecify.annotations.NullMarked;
