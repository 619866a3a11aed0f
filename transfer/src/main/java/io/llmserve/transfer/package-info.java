/// Moves KV pages between processes. The receiver pulls: a control connection says which pages are ready
/// and what they are, a data engine (NIXL, UCX, NCCL, shared memory, TCP) brings their bytes.
@NullMarked
package io.llmserve.transfer;

import org.jspecify.annotations.NullMarked;
