@NullMarked
package io.llmserve.manifest;

import org.jspecify.annotations.NullMarked;
