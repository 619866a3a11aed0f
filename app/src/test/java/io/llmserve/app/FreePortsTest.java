package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class FreePortsTest {
    @Test
    void namesTheBusyPortAndTheWayOut() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> FreePorts.check("127.0.0.1", taken.getLocalPort(), "--port"))
                    .isInstanceOf(ServeException.class)
                    .hasMessage("port %d is in use by another program; stop it or use --port"
                            .formatted(taken.getLocalPort()));
        }
    }

    @Test
    void passesAFreePortAndLeavesItFree() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        FreePorts.check("127.0.0.1", port, "--port");
        assertThatCode(() -> FreePorts.check("127.0.0.1", port, "--port")).doesNotThrowAnyException();
    }

    @Test
    void namesAnAddressThatIsNotOurs() {
        assertThatThrownBy(() -> FreePorts.check("203.0.113.7", 8000, "--port"))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("203.0.113.7");
    }
}
