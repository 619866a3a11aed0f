/// The data engine on NCCL (`libnccl`, `libcudart`): pages of host memory pass through buffers of two GPUs.
@NullMarked
package io.llmserve.transfer.nccl;

import org.jspecify.annotations.NullMarked;
