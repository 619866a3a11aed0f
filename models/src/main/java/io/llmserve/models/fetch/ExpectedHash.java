package io.llmserve.models.fetch;

import static io.llmserve.core.Checks.check;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// What a source says a file's content is.
///
/// @param hex in lower case
record ExpectedHash(Kind kind, String hex) {
    enum Kind {
        SHA256("SHA-256", 64),
        /// SHA-1 of `blob <size>\0` and the content, as git names files.
        GIT_BLOB("SHA-1", 40);

        private final String algorithm;
        private final int hexDigits;

        Kind(String algorithm, int hexDigits) {
            this.algorithm = algorithm;
            this.hexDigits = hexDigits;
        }

        MessageDigest digest() {
            try {
                return MessageDigest.getInstance(algorithm);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has " + algorithm, e);
            }
        }

        String algorithm() {
            return algorithm;
        }
    }

    ExpectedHash {
        check(
                hex.matches("[0-9a-f]{" + kind.hexDigits + "}"),
                "'%s' is no %s in lower-case hexadecimal",
                hex,
                kind.algorithm);
    }

    static ExpectedHash sha256(String hex) {
        return new ExpectedHash(Kind.SHA256, hex);
    }
}
