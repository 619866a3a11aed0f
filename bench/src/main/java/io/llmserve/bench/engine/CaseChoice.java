package io.llmserve.bench.engine;

import java.util.List;

/// Which cases run: those whose name begins with one of `prefixes`; none given, all.
public record CaseChoice(List<String> prefixes) {
    public CaseChoice {
        prefixes = List.copyOf(prefixes);
    }

    boolean has(String name) {
        return prefixes.isEmpty() || prefixes.stream().anyMatch(name::startsWith);
    }
}
