/// The data engine on NIXL, NVIDIA's inference transfer library, through its C API.
@NullMarked
package io.llmserve.transfer.nixl;

import org.jspecify.annotations.NullMarked;
