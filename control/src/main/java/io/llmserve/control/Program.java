package io.llmserve.control;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Finds programs as a shell does.
final class Program {
    private Program() {}

    /// The file of vLLM's command; CONFIGURATION with a way out where there is none.
    ///
    /// @param command a name, or a path
    /// @param searchPath as in PATH
    static Path vllm(String command, String searchPath) {
        boolean named = !command.contains("/");
        Stream<Path> candidates = named
                ? Stream.of(searchPath.split(File.pathSeparator, -1)).map(folder -> Path.of(folder, command))
                : Stream.of(Path.of(command));
        return candidates
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst()
                .map(Path::toAbsolutePath)
                .orElseThrow(() -> new ServeException(
                        Failure.CONFIGURATION,
                        "the program '%s' %s: install vLLM (%s), name it in spec.vllm.command, or choose"
                                        .formatted(
                                                command,
                                                named ? "is not on PATH" : "cannot be run",
                                                VllmVersion.INSTALL)
                                + " spec.deployment.engine embedded"));
    }
}
