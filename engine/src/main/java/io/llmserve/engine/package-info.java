/// Token ids in, token ids out: model graph, paged KV, batch scheduler, sampler. Imports tensor, models and core.
@NullMarked
package io.llmserve.engine;

import org.jspecify.annotations.NullMarked;
