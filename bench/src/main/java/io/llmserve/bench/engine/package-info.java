/// The embedded engine through the cases by which its peer on CPU, llama.cpp, is measured.
@NullMarked
package io.llmserve.bench.engine;

import org.jspecify.annotations.NullMarked;
