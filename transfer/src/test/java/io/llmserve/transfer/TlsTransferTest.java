package io.llmserve.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.transfer.data.EngineKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// TLS on control and data connections.
class TlsTransferTest {
    private static final int PAGE = 200_000;
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    private static Path folder;

    private static SSLContext trusted;
    private static SSLContext stranger;

    @BeforeAll
    static void makeCertificates() throws Exception {
        trusted = context(keyStore("worker"));
        stranger = context(keyStore("stranger"));
    }

    @Test
    void bringsEveryPageEncrypted() throws Exception {
        try (TestPair pair = new TestPair(TestPair.OPTIONS.withTls(trusted), PAGE)) {
            long[] from = pair.backwards(TestPair.PAGES);
            pair.exports.publish("r", from).allReady();
            FakeSink sink = new FakeSink(from);

            assertThat(pair.fetch("r", sink).pages()).isEqualTo(TestPair.PAGES);
            assertThat(Arrays.stream(from))
                    .allSatisfy(offset -> assertThat(pair.same(offset, offset)).isTrue());
            pair.exports.awaitAllClosed();
            assertThat(pair.exports.completed()).isOne();
        }
    }

    @Test
    void enginesThatSendInClearAreNotUsed() {
        TransferOptions all = TestPair.OPTIONS
                .withEngineOrder(EngineKind.NIXL, EngineKind.UCX, EngineKind.NCCL)
                .withTls(trusted);
        try (TestPair pair = new TestPair(all, PAGE)) {
            pair.exports.publish("r", 0).allReady();
            assertThat(pair.fetch("r", new FakeSink(0)).engine()).isEqualTo(EngineKind.TCP);
            assertThat(pair.decodeListener.choices().getFirst().reason())
                    .contains("NIXL not available: TLS is on, and nixl sends in clear")
                    .contains("UCX not available: TLS is on")
                    .contains("NCCL not available: TLS is on");
        }
    }

    @Test
    void aPeerWithoutTlsGetsNoPage() {
        try (TestPair pair = pair(TestPair.OPTIONS.withTls(trusted), TestPair.OPTIONS)) {
            pair.exports.publish("r", 0).allReady();
            assertThatThrownBy(() -> pair.fetch("r", new FakeSink(0))).hasMessageContaining("brought no page");
            assertThat(pair.exports.open()).isZero();
        }
        try (TestPair pair = pair(TestPair.OPTIONS, TestPair.OPTIONS.withTls(trusted))) {
            pair.exports.publish("r", 0).allReady();
            assertThatThrownBy(() -> pair.fetch("r", new FakeSink(0))).hasMessageContaining("TLS with");
        }
    }

    @Test
    void aPeerWithACertificateThatNobodyTrustsGetsNoPage() {
        try (TestPair pair = pair(TestPair.OPTIONS.withTls(trusted), TestPair.OPTIONS.withTls(stranger))) {
            pair.exports.publish("r", 0).allReady();
            assertThatThrownBy(() -> pair.fetch("r", new FakeSink(0))).hasMessageContaining("TLS with");
            assertThat(pair.exports.open()).isZero();
        }
    }

    private static TestPair pair(TransferOptions prefill, TransferOptions decode) {
        return new TestPair(prefill, decode, TestPair.format(PAGE), TestPair.format(PAGE));
    }

    /// Made by the JDK's own tool: the JDK has no API that makes certificates.
    private static KeyStore keyStore(String name) throws Exception {
        Path file = folder.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        "changeit")
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    /// Shows the store's certificate and trusts no other.
    private static SSLContext context(KeyStore store) throws GeneralSecurityException, IOException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        String alias = store.aliases().nextElement();
        trust.setCertificateEntry(alias, store.getCertificate(alias));
        TrustManagerFactory trusting = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusting.init(trust);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(keys.getKeyManagers(), trusting.getTrustManagers(), null);
        return context;
    }
}
