/// Model URIs to checked files on disk to mapped tensors and a model description. Imports core and tensor.
@NullMarked
package io.llmserve.models;

import org.jspecify.annotations.NullMarked;
