package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.gateway.GatewayOptions.Security;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyRingTest {
    private static final List<ApiKey> KEYS = List.of(new ApiKey("red", "sk-1"), new ApiKey("blue", "sk-2"));

    @Test
    void knowsEveryKeysTenant() {
        KeyRing ring = ring("secret");
        assertThat(ring.authenticate("Bearer sk-1").name()).isEqualTo("red");
        assertThat(ring.authenticate("bearer  sk-2 ").name()).isEqualTo("blue");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "Bearer", "Bearer ", "Bearer sk-3", "Bearer sk-", "Bearer sk-11", "Basic sk-1", "sk-1"})
    void refusesEverythingElse(String authorization) {
        assertThatThrownBy(() -> ring("secret").authenticate(authorization))
                .isInstanceOfSatisfying(
                        ServeException.class,
                        refused -> assertThat(refused.failure()).isEqualTo(Failure.UNAUTHORIZED));
    }

    @Test
    void saltsDependOnTheTenantAndTheSecretAlone() {
        String salt = ring("secret").authenticate("Bearer sk-1").cacheSalt();
        assertThat(ring("secret").authenticate("Bearer sk-1").cacheSalt()).isEqualTo(salt);
        assertThat(ring("secret").authenticate("Bearer sk-2").cacheSalt()).isNotEqualTo(salt);
        assertThat(ring("other").authenticate("Bearer sk-1").cacheSalt()).isNotEqualTo(salt);
    }

    @Test
    void withoutASecretEveryProcessHasItsOwnSalts() {
        assertThat(ring("").authenticate("Bearer sk-1").cacheSalt())
                .isNotEqualTo(ring("").authenticate("Bearer sk-1").cacheSalt());
    }

    @Test
    void withoutKeysEveryoneIsAnonymousAndUnsalted() {
        KeyRing open = new KeyRing(new Security(List.of(), "secret"), new SecureRandom());
        assertThat(open.authenticate(null)).isEqualTo(new Tenant("anonymous", ""));
    }

    @Test
    void optionsDoNotShowSecretsInLogs() {
        GatewayOptions options = GatewayOptions.defaults().with(new Security(KEYS, "hidden"));
        assertThat(options.toString()).contains("red").doesNotContain("sk-1").doesNotContain("hidden");
    }

    private static KeyRing ring(String secret) {
        return new KeyRing(new Security(KEYS, secret), new SecureRandom());
    }
}
