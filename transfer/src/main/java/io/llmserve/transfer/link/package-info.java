/// Connections between two workers: bytes, messages, deadlines and failures.
@NullMarked
package io.llmserve.transfer.link;

import org.jspecify.annotations.NullMarked;
