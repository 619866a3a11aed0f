package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import io.llmserve.gateway.ApiKey;
import io.llmserve.manifest.Spec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
    private final Secrets secrets = new Secrets(Map.of("KEY", "from-environment", "EMPTY", ""));

    private static Spec.Security one(Optional<String> value, Optional<String> env, Optional<String> file) {
        return new Spec.Security(List.of(new Spec.ApiKey("team", value, env, file)));
    }

    @Test
    void takesAKeyFromEachSource(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("key"), "from-a-file\nrest\n");

        assertThat(secrets.keys(one(Optional.of("written-here"), Optional.empty(), Optional.empty())))
                .containsExactly(new ApiKey("team", "written-here"));
        assertThat(secrets.keys(one(Optional.empty(), Optional.of("KEY"), Optional.empty())))
                .containsExactly(new ApiKey("team", "from-environment"));
        assertThat(secrets.keys(one(Optional.empty(), Optional.empty(), Optional.of(file.toString()))))
                .containsExactly(new ApiKey("team", "from-a-file"));
    }

    @Test
    void neverOpensTheDoorBecauseAKeyIsMissing(@TempDir Path folder) {
        assertRefused(one(Optional.empty(), Optional.of("UNSET"), Optional.empty()), "UNSET, which is not set");
        assertRefused(one(Optional.empty(), Optional.of("EMPTY"), Optional.empty()), "EMPTY, which is not set");
        String absent = folder.resolve("absent").toString();
        assertRefused(one(Optional.empty(), Optional.empty(), Optional.of(absent)), "cannot be read");
    }

    private void assertRefused(Spec.Security security, String message) {
        assertThatThrownBy(() -> secrets.keys(security))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining(message);
    }
}
