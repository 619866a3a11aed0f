package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.manifest.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a user reads when the system is ready: where it is, a request to paste, how to end it.
record Banner(Spec spec, LocalStack stack) {
    private static final Logger LOG = LoggerFactory.getLogger(Banner.class);
    private static final Path UPTIME = Path.of("/proc/uptime");

    List<String> lines(Terminal terminal) {
        String host = Addresses.forClients(spec.server().host());
        long ready = sinceCommandNanos();
        List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add(terminal.bold("LLMServe is ready at http://%s:%d/v1".formatted(host, stack.port()))
                + terminal.dim("  %s after the command%s".formatted(Amounts.seconds(ready), firstToken(ready))));
        lines.add("  model    %s, context %,d tokens"
                .formatted(stack.model().name(), stack.model().contextLength()));
        lines.add("  workers  " + stack.workers());
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

    private String firstToken(long ready) {
        OptionalLong first = stack.firstTokenNanos();
        return first.isEmpty()
                ? ""
                : ", the first token after " + Amounts.seconds(ready - (Clock.SYSTEM.nanos() - first.getAsLong()));
    }

    private String question() {
        return stack.chats()
                ? "{\"stream\": true, \"temperature\": 0, \"messages\": [{\"role\": \"user\", \"content\": \"What is the capital of France?\"}]}"
                : "{\"stream\": true, \"temperature\": 0, \"prompt\": \"The capital of France is\"}";
    }

    private String keyHeader() {
        return spec.security().apiKeys().stream()
                .findFirst()
                .map(key -> " -H \"Authorization: Bearer %s\""
                        .formatted(key.env().map("$"::concat).orElse("YOUR_KEY")))
                .orElse("");
    }

    /// The launcher says when the command began, by the seconds since this machine's own start; where there are none,
    /// the process itself knows it to the second, as it was the launcher before.
    private static long sinceCommandNanos() {
        String began = System.getProperty("llmserve.began", "");
        if (!began.isEmpty()) {
            try {
                String uptime = Files.readString(UPTIME).split(" ", 2)[0];
                return (long) ((Double.parseDouble(uptime) - Double.parseDouble(began)) * 1e9);
            } catch (IOException unknown) {
                LOG.debug("{} cannot be read", UPTIME, unknown);
            }
        }
        Instant start = ProcessHandle.current().info().startInstant().orElseGet(Instant::now);
        return Duration.between(start, Instant.now()).toNanos();
    }
}
