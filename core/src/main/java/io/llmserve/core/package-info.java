/// Words of the domain as values: failures, sampling parameters, block hashes, KV events, time. Imports the
/// JDK only.
@NullMarked
package io.llmserve.core;

import org.jspecify.annotations.NullMarked;
