package io.llmserve.text.jinja;

/// A variable, attribute or element that is not there: prints as nothing, is false and empty, and fails when used
/// further.
///
/// @param message what to say then
record Undefined(String message) {
    static Undefined name(String name) {
        return new Undefined("'%s' is undefined".formatted(name));
    }

    static Undefined attribute(Object object, String name) {
        return new Undefined("'%s object' has no attribute '%s'".formatted(Values.typeName(object), name));
    }

    TemplateException failure() {
        return new TemplateException(message);
    }
}
