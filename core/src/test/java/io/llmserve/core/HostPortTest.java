package io.llmserve.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostPortTest {
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:8000", "worker-0.prefill.svc:65535", "[::1]:1"})
    void isWrittenAsItIsRead(String text) {
        assertThat(HostPort.parse(text)).hasToString(text);
    }

    @Test
    void keepsAnIpv6HostWithoutBrackets() {
        assertThat(HostPort.parse("[fe80::1]:80")).isEqualTo(new HostPort("fe80::1", 80));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "host", ":80", "host:", "host:x", "host:0", "host:65536", "::1:80", "a b:1", "u@h:1", "h/p:1"
            })
    void refusesWhatIsNoAddress(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> HostPort.parse(text));
    }
}
