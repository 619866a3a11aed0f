/// The data engine on UCX (`libucp`).
@NullMarked
package io.llmserve.transfer.ucx;

import org.jspecify.annotations.NullMarked;
