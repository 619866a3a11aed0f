/// Test tools: seeded tests, a clock that tests move.
@NullMarked
package io.llmserve.testkit;

import org.jspecify.annotations.NullMarked;
