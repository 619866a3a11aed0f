package io.llmserve.manifest;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What a component of a manifest record means to its user: the reader's checks, the schema and the error messages
/// are all made from it. Limits and defaults are written as in the YAML ("2GiB", "30s"); empty is "none".
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
@interface Field {
    /// One sentence for the schema and for `llmserve schema` readers.
    String doc();

    /// The name in the YAML, where it is not the component's name in snake case.
    String name() default "";

    /// Used when the field is absent; the items of a list are parted by commas. A field without one is required, unless
    /// it is Optional, a List or a record.
    String byDefault() default "";

    /// Inclusive.
    String min() default "";

    /// Inclusive.
    String max() default "";

    /// A regular expression that the whole text must match, with [#patternWords] saying it in words.
    String pattern() default "";

    String patternWords() default "";
}
