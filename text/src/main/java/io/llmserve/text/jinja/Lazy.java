package io.llmserve.text.jinja;

import java.util.List;

/// What `map`, `select` and their kin give: in Python a generator, which counts as true even when nothing is in it.
record Lazy(List<Object> items) {}
