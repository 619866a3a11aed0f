package io.llmserve.text.jinja;

import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The functions that `transformers` gives to chat templates.
final class Globals {
    private static final int MAXIMUM_RANGE = 100_000;

    private Globals() {}

    static void define(Scope scope, ZonedDateTime now) {
        scope.set("raise_exception", (Function) arguments -> {
            throw new TemplateException(arguments.text(0, "message", ""));
        });
        scope.set("strftime_now", (Function)
                arguments -> Dates.format(TextMethods.text(arguments.require(0, "format")), now));
        scope.set("namespace", (Function) Namespace::of);
        scope.set("dict", (Function) Globals::map);
        scope.set("range", (Function) Globals::range);
    }

    private static Object map(Arguments arguments) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (Object given : arguments.positional()) {
            if (given instanceof Map<?, ?> entries) {
                map.putAll(entries);
            } else {
                Values.items(given).forEach(pair -> map.put(Access.element(pair, 0L), Access.element(pair, 1L)));
            }
        }
        map.putAll(arguments.named());
        return map;
    }

    private static Object range(Arguments arguments) {
        int given = arguments.positional().size();
        int start = given < 2 ? 0 : arguments.number(0, "start", 0);
        int stop = Values.index(arguments.require(given < 2 ? 0 : 1, "stop"));
        int step = arguments.number(2, "step", 1);
        if (step == 0) {
            throw new TemplateException("range() arg 3 must not be zero");
        }
        List<Object> numbers = new ArrayList<>();
        for (long at = start; step > 0 ? at < stop : at > stop; at += step) {
            if (numbers.size() == MAXIMUM_RANGE) {
                throw new TemplateException("a range has at most %d numbers".formatted(MAXIMUM_RANGE));
            }
            numbers.add(at);
        }
        return numbers;
    }
}
