package io.llmserve.app;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.gateway.ApiKey;
import io.llmserve.manifest.Spec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The API keys that a manifest names, fetched from where it says they are.
final class Secrets {
    private final Map<String, String> environment;

    Secrets(Map<String, String> environment) {
        this.environment = environment;
    }

    List<ApiKey> keys(Spec.Security security) {
        return security.apiKeys().stream()
                .map(key -> new ApiKey(key.tenant(), secret(key)))
                .toList();
    }

    private String secret(Spec.ApiKey key) {
        String secret = key.value()
                .or(() -> key.env().map(name -> fromEnvironment(name, key.tenant())))
                .or(() -> key.file().map(file -> fromFile(Path.of(file), key.tenant())))
                .orElseThrow();
        if (!secret.matches("[!-~]{8,512}")) {
            throw refusal(
                    "the API key of tenant %s is unfit; allowed: 8 to 512 printable ASCII characters without blanks"
                            .formatted(key.tenant()));
        }
        return secret;
    }

    private String fromEnvironment(String name, String tenant) {
        return Optional.ofNullable(environment.get(name))
                .filter(value -> !value.isEmpty())
                .orElseThrow(() ->
                        refusal("the API key of tenant %s is to be in the environment variable %s, which is not set"
                                .formatted(tenant, name)));
    }

    private static String fromFile(Path file, String tenant) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.findFirst().orElse("").strip();
        } catch (IOException | UncheckedIOException failure) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "the API key of tenant %s is to be in %s, which cannot be read".formatted(tenant, file),
                    failure);
        }
    }

    private static ServeException refusal(String message) {
        return new ServeException(Failure.CONFIGURATION, message);
    }
}
