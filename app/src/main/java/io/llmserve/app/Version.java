package io.llmserve.app;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/// The version that the build wrote into the jar.
final class Version implements IVersionProvider {
    /// For example `0.1.0`.
    static String number() {
        Properties build = new Properties();
        try (InputStream stream = Version.class.getResourceAsStream("build.properties")) {
            if (stream == null) {
                throw new ServeException(Failure.CORRUPT, "this installation lacks build.properties");
            }
            build.load(stream);
        } catch (IOException failure) {
            throw new ServeException(Failure.CORRUPT, "build.properties cannot be read", failure);
        }
        return build.getProperty("version", "unknown");
    }

    @Override
    public String[] getVersion() {
        return new String[] {
            "llmserve %s (Java %s, %s %s)"
                    .formatted(
                            number(),
                            Runtime.version().feature(),
                            System.getProperty("os.name"),
                            System.getProperty("os.arch"))
        };
    }
}
