package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (and their lower-case spellings) as curl and pip read them.
final class EnvironmentProxies extends ProxySelector {
    private final Map<String, String> environment;

    EnvironmentProxies(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public List<Proxy> select(URI uri) {
        String host = uri.getHost() == null ? "" : uri.getHost().toLowerCase(Locale.ROOT);
        Optional<URI> proxy = exempt(host) ? Optional.empty() : proxy(environment, uri.getScheme());
        return List.of(proxy.map(EnvironmentProxies::address).orElse(Proxy.NO_PROXY));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // The request fails with the same exception; nothing to remember.
    }

    /// Answers a proxy that asks for the user and password of its URL. Basic authentication to a proxy of
    /// HTTPS is off in the JDK unless a system property allows it; whoever writes a password into the proxy's
    /// URL has allowed it.
    static Optional<Authenticator> authenticator(Map<String, String> environment) {
        Optional<URI> withUser = List.of("https", "http").stream()
                .flatMap(scheme -> proxy(environment, scheme).stream())
                .filter(proxy -> proxy.getRawUserInfo() != null)
                .findFirst();
        return withUser.map(proxy -> {
            if (System.getProperty("jdk.http.auth.tunneling.disabledSchemes") == null) {
                System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
            }
            String[] user = proxy.getRawUserInfo().split(":", 2);
            String password = user.length > 1 ? decoded(user[1]) : "";
            return new Authenticator() {
                @Override
                protected @Nullable PasswordAuthentication getPasswordAuthentication() {
                    return getRequestorType() == RequestorType.PROXY
                            ? new PasswordAuthentication(decoded(user[0]), password.toCharArray())
                            : null;
                }
            };
        });
    }

    private static Optional<URI> proxy(Map<String, String> environment, String scheme) {
        String name = scheme.toLowerCase(Locale.ROOT) + "_proxy";
        return value(environment, name)
                .or(() -> value(environment, "all_proxy"))
                .map(text -> {
                    try {
                        return Network.checkAddress(URI.create(text.contains("://") ? text : "http://" + text));
                    } catch (IllegalArgumentException e) {
                        throw new ServeException(
                                Failure.CONFIGURATION,
                                "the environment variable %s is no address of a proxy; allowed is http://host:port"
                                        .formatted(name.toUpperCase(Locale.ROOT)),
                                e);
                    }
                });
    }

    private static Optional<String> value(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .or(() -> Optional.ofNullable(environment.get(name.toUpperCase(Locale.ROOT))))
                .filter(text -> !text.isBlank());
    }

    private boolean exempt(String host) {
        for (String entry : value(environment, "no_proxy")
                .orElse("")
                .toLowerCase(Locale.ROOT)
                .split(",", -1)) {
            String name = entry.strip().replaceFirst(":\\d+$", "").replaceFirst("^\\*?\\.", "");
            if (!name.isEmpty() && (name.equals("*") || host.equals(name) || host.endsWith("." + name))) {
                return true;
            }
        }
        return false;
    }

    private static Proxy address(URI proxy) {
        int port = proxy.getPort() < 0 ? (proxy.getScheme().equalsIgnoreCase("https") ? 443 : 80) : proxy.getPort();
        return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port));
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
