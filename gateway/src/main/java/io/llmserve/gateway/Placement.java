package io.llmserve.gateway;

import io.llmserve.core.ServeException;
import io.llmserve.routing.Decision.Why;

/// Where a request goes, its places taken.
sealed interface Placement {
    record Whole(Place worker, Why why) implements Placement {}

    record Parted(Place prefill, Place decode, Why why) implements Placement {}

    record None(ServeException reason) implements Placement {}
}
