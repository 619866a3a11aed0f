/// Brings model files from Python package indexes and from the Hugging Face hub: HTTP, resumption, checks.
@NullMarked
package io.llmserve.models.fetch;

import org.jspecify.annotations.NullMarked;
