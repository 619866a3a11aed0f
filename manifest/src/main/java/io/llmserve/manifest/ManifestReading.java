package io.llmserve.manifest;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.util.List;
import java.util.stream.Collectors;

/// What became of a manifest's text: the manifest, or all that is wrong with it.
public sealed interface ManifestReading {
    record Accepted(Manifest manifest) implements ManifestReading {}

    record Rejected(List<Problem> problems) implements ManifestReading {
        public Rejected {
            problems = List.copyOf(problems);
        }
    }

    /// The manifest, or a failure whose message lists every problem on a line of its own.
    default Manifest orThrow() {
        return switch (this) {
            case Accepted(Manifest manifest) -> manifest;
            case Rejected(List<Problem> problems) ->
                throw new ServeException(
                        Failure.CONFIGURATION,
                        problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        };
    }
}
