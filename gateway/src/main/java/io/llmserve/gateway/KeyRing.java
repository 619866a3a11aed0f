package io.llmserve.gateway;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.gateway.GatewayOptions.Security;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// The API keys, as SHA-256 digests, and the tenants' cache salts. Every check compares with every key in
/// constant time, so that its duration tells nothing about any of them.
final class KeyRing {
    private static final String SCHEME = "Bearer ";
    private static final String SALT_PURPOSE = "llmserve cache salt v1:";

    private record Key(byte[] digest, Tenant tenant) {}

    private final List<Key> keys = new ArrayList<>();

    KeyRing(Security security, SecureRandom random) {
        byte[] secret = security.saltSecret().getBytes(StandardCharsets.UTF_8);
        if (secret.length == 0) {
            secret = new byte[32];
            random.nextBytes(secret);
        }
        for (ApiKey key : security.keys()) {
            keys.add(new Key(digest(key.secret()), new Tenant(key.tenant(), salt(secret, key.tenant()))));
        }
    }

    /// The tenant of an `Authorization` header; UNAUTHORIZED where there is none.
    Tenant authenticate(@Nullable String authorization) {
        if (keys.isEmpty()) {
            return Tenant.ANONYMOUS;
        }
        if (authorization == null) {
            throw new ServeException(
                    Failure.UNAUTHORIZED, "This server needs an API key: send it as `Authorization: Bearer KEY`.");
        }
        if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw new ServeException(Failure.UNAUTHORIZED, "The Authorization header must have the form `Bearer KEY`.");
        }
        byte[] presented = digest(authorization.substring(SCHEME.length()).strip());
        Tenant found = null;
        for (Key key : keys) {
            if (MessageDigest.isEqual(key.digest, presented)) {
                found = key.tenant;
            }
        }
        if (found == null) {
            throw new ServeException(Failure.UNAUTHORIZED, "The API key is not valid.");
        }
        return found;
    }

    private static byte[] digest(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    private static String salt(byte[] secret, String tenant) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            byte[] code = mac.doFinal((SALT_PURPOSE + tenant).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(code);
        } catch (GeneralSecurityException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }
}
