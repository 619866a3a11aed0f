package io.llmserve.bench.engine;

import java.util.LinkedHashMap;
import java.util.Map;

/// One measured figure, as one line of JSON. The unit is at the end of the case's name.
public record Figure(String name, Map<String, Double> values) {
    static Figure of(String name, double value) {
        return new Figure(name, Map.of("value", value));
    }

    /// The line's fields.
    ///
    /// @param peer who was measured
    public Map<String, Object> line(String peer) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("peer", peer);
        line.put("case", name);
        values.forEach((key, value) -> line.put(key, Math.round(value * 1e4) / 1e4));
        return line;
    }
}
