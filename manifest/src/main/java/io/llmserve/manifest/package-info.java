/// The YAML the user writes, as validated records; JSON Schema; diff and plan. Imports core only.
@NullMarked
package io.llmserve.manifest;

import org.jspecify.annotations.NullMarked;
