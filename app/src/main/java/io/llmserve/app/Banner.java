package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.manifest.Spec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// What a user reads when the system is ready: where it is, a request to paste, how to end it.
record Banner(Spec spec, LocalStack stack) {
    List<String> lines(Terminal terminal) {
        String host = Addresses.forClients(spec.server().host());
        long ready = sinceCommandNanos();
        long sinceFirstToken = Clock.SYSTEM.nanos() - stack.firstTokenNanos();
        List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add(terminal.bold("LLMServe is ready at http://%s:%d/v1".formatted(host, stack.port()))
                + terminal.dim("  %s after the command, the first token after %s"
                        .formatted(Amounts.seconds(ready), Amounts.seconds(ready - sinceFirstToken))));
        lines.add("  model    %s, context %,d tokens".formatted(stack.modelName(), stack.contextLength()));
        lines.add("  metrics  http://%s:%d/metrics".formatted(host, stack.metricsPort()));
        lines.add("");
        lines.add("Try it:");
        lines.add("  curl -N http://%s:%d%s -H 'Content-Type: application/json'%s \\"
                .formatted(
                        host, stack.port(), stack.chats() ? "/v1/chat/completions" : "/v1/completions", keyHeader()));
        lines.add("    -d '" + question() + "'");
        lines.add("");
        lines.add(terminal.dim("Ctrl-C stops it after the running answers, a second Ctrl-C at once."));
        return lines;
    }

    private String question() {
        return stack.chats()
                ? "{\"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"What is the capital of France?\"}]}"
                : "{\"stream\": true, \"prompt\": \"The capital of France is\"}";
    }

    private String keyHeader() {
        return spec.security().apiKeys().stream()
                .findFirst()
                .map(key -> " -H \"Authorization: Bearer %s\""
                        .formatted(key.env().map("$"::concat).orElse("YOUR_KEY")))
                .orElse("");
    }

    /// The launcher became this process, so the process began with the command, build included.
    private static long sinceCommandNanos() {
        Instant start = ProcessHandle.current().info().startInstant().orElseGet(Instant::now);
        return Duration.between(start, Instant.now()).toNanos();
    }
}
