/// Which worker a request goes to, and whether prefill and decode part. Pure: no threads, no sockets, no clock;
/// the same code runs live and in a simulation in virtual time.
@NullMarked
package io.llmserve.routing;

import org.jspecify.annotations.NullMarked;
