/// One worker in virtual time, and who is next at it: the disciplines of room `admission` under the same traffic.
@NullMarked
package io.llmserve.bench.fairness;

import org.jspecify.annotations.NullMarked;
