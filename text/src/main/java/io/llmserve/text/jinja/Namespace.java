package io.llmserve.text.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/// `namespace(...)`: variables that a loop's body can change for what follows the loop.
record Namespace(Map<Object, Object> values) {
    static Namespace of(Arguments arguments) {
        Map<Object, Object> values = new LinkedHashMap<>();
        for (Object given : arguments.positional()) {
            if (given instanceof Map<?, ?> map) {
                map.forEach(values::put);
            }
        }
        values.putAll(arguments.named());
        return new Namespace(values);
    }
}
