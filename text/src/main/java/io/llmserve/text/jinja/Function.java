package io.llmserve.text.jinja;

/// Anything that a template can call.
@FunctionalInterface
interface Function {
    Object call(Arguments arguments);
}
