/// The part of Jinja that chat templates are written in, with Python's rules for values and text: what `jinja2` in
/// the sandbox of HuggingFace's `transformers` does with the same template, to the character (docs/adr/0003).
@NullMarked
package io.llmserve.text.jinja;

import org.jspecify.annotations.NullMarked;
