/// A fleet of workers in virtual time, routed by the gateway's own code.
@NullMarked
package io.llmserve.bench.fleet;

import org.jspecify.annotations.NullMarked;
