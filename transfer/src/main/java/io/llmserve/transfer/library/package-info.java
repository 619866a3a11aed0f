/// Native libraries: where they lie, and their functions as method handles.
@NullMarked
package io.llmserve.transfer.library;

import org.jspecify.annotations.NullMarked;
