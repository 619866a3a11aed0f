/// Which worker has which blocks of KV pages: fed by workers' events, by what was routed, or by both; and how
/// far that can be trusted. Pure: no threads, no clock; time is an argument.
@NullMarked
package io.llmserve.routing.kv;

import org.jspecify.annotations.NullMarked;
