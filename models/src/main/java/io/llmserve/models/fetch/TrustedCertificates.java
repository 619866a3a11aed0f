package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/// The JDK's certificates and those of the PEM file that `SSL_CERT_FILE` names, as behind a company's proxy.
final class TrustedCertificates {
    private TrustedCertificates() {}

    /// Empty where the environment names no file.
    static Optional<SSLContext> context(Map<String, String> environment) {
        return Optional.ofNullable(environment.get("SSL_CERT_FILE"))
                .filter(file -> !file.isBlank())
                .map(file -> context(Path.of(file)));
    }

    private static SSLContext context(Path file) {
        try (InputStream pem = new BufferedInputStream(Files.newInputStream(file))) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int index = 0;
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("extra" + index++, certificate);
            }
            for (TrustManager manager : managers(null)) {
                if (manager instanceof X509TrustManager known) {
                    for (X509Certificate certificate : known.getAcceptedIssuers()) {
                        store.setCertificateEntry("jdk" + index++, certificate);
                    }
                }
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers(store), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "SSL_CERT_FILE names %s, which holds no readable PEM certificates: %s"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }

    private static TrustManager[] managers(@org.jspecify.annotations.Nullable KeyStore store)
            throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }
}
