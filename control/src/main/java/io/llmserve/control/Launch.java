package io.llmserve.control;

import static io.llmserve.core.Checks.check;

import java.net.URI;
import java.util.List;
import java.util.Map;

/// A worker process to be: what to run, and where it answers when it is well.
///
/// @param name in logs and messages, such as `decode-0`
/// @param environment above that of this process
/// @param health answers 200 when the worker is ready
public record Launch(String name, List<String> command, Map<String, String> environment, URI health) {
    public Launch {
        check(!name.isBlank(), "a worker has a name");
        check(!command.isEmpty(), "worker %s has no command", name);
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
    }
}
