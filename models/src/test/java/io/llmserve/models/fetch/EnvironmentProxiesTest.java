package io.llmserve.models.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvironmentProxiesTest {
    @Test
    void takesTheProxyOfTheScheme() {
        Map<String, String> environment = Map.of("HTTPS_PROXY", "http://p:3128", "http_proxy", "q:80");
        assertThat(proxy(environment, "https://a.org/x")).isEqualTo("p:3128");
        assertThat(proxy(environment, "http://a.org/x")).isEqualTo("q:80");
        assertThat(proxy(Map.of("ALL_PROXY", "http://r:1"), "https://a.org")).isEqualTo("r:1");
        assertThat(proxy(Map.of("HTTPS_PROXY", ""), "https://a.org")).isEqualTo("none");
    }

    @Test
    void goesStraightToExemptHosts() {
        Map<String, String> environment =
                Map.of("HTTPS_PROXY", "http://p:1", "NO_PROXY", "localhost, .corp.example,b.org:443");
        assertThat(proxy(environment, "https://localhost/")).isEqualTo("none");
        assertThat(proxy(environment, "https://x.corp.example/")).isEqualTo("none");
        assertThat(proxy(environment, "https://B.org/")).isEqualTo("none");
        assertThat(proxy(environment, "https://notb.org/")).isEqualTo("p:1");
        assertThat(proxy(Map.of("HTTPS_PROXY", "http://p:1", "no_proxy", "*"), "https://a.org/"))
                .isEqualTo("none");
    }

    @Test
    void namesTheVariableThatIsNoAddress() {
        assertThatThrownBy(() -> proxy(Map.of("HTTPS_PROXY", "socks5://x:1"), "https://a.org/"))
                .hasMessageContaining("HTTPS_PROXY is no address of a proxy")
                .hasFieldOrPropertyWithValue("failure", Failure.CONFIGURATION);
    }

    @Test
    void asksTheProxyForTheWholeAddress() throws Exception {
        try (FakeServer proxy = new FakeServer()) {
            proxy.text("/x", "text/plain", "through the proxy");
            Map<String, String> environment = Map.of("HTTP_PROXY", "http://127.0.0.1:" + proxy.port());
            try (Network network = Network.of(environment, Duration.ofSeconds(60));
                    Network.Answer answer =
                            network.get(URI.create("http://origin.invalid/x"), Map.of(), Optional.empty())) {
                assertThat(answer.body()).hasContent("through the proxy");
            }
            assertThat(proxy.requests().getFirst()).startsWith("http://origin.invalid/x");
        }
    }

    @Test
    void namesACertificateFileThatHoldsNone(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("ca.pem");
        Files.writeString(file, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
        assertThatThrownBy(() -> TrustedCertificates.context(Map.of("SSL_CERT_FILE", file.toString())))
                .hasMessageContaining("SSL_CERT_FILE names " + file)
                .hasFieldOrPropertyWithValue("failure", Failure.CONFIGURATION);
        assertThat(TrustedCertificates.context(Map.of())).isEmpty();
    }

    private static String proxy(Map<String, String> environment, String uri) {
        Proxy proxy =
                new EnvironmentProxies(environment).select(URI.create(uri)).getFirst();
        return proxy.address() instanceof InetSocketAddress address
                ? address.getHostString() + ":" + address.getPort()
                : "none";
    }
}
