/// The whole system in its own process, and clients of every kind: official, wrong, hostile.
@NullMarked
package io.llmserve.e2e;

import org.jspecify.annotations.NullMarked;
