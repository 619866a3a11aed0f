/// Pages between workers: what one offers to others, what it fetches from them, and how it makes itself known.
@NullMarked
package io.llmserve.worker.kv;

import org.jspecify.annotations.NullMarked;
