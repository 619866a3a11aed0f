/// The process: command line and wiring.
@NullMarked
package io.llmserve.app;

import org.jspecify.annotations.NullMarked;
