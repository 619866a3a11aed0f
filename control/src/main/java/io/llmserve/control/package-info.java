/// Launches worker processes, watches them, and restarts them. Imports manifest, wire and core only.
@NullMarked
package io.llmserve.control;

import org.jspecify.annotations.NullMarked;
