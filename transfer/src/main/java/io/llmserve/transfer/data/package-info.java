/// Data engines: the ways in which a page's bytes get from a peer's memory into ours, behind one
/// interface.
@NullMarked
package io.llmserve.transfer.data;

import org.jspecify.annotations.NullMarked;
