@NullMarked
package io.llmserve.transfer.nccl;

import org.jspecify.annotations.NullMarked;
