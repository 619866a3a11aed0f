package io.llmserve.core;

import static io.llmserve.core.Checks.check;

/// Where something listens: `host:port`; an IPv6 host is written in brackets, and kept without them.
public record HostPort(String host, int port) {
    private static final int MAX_HOST_LENGTH = 253;

    public HostPort {
        check(
                !host.isBlank() && host.length() <= MAX_HOST_LENGTH,
                "a host has between 1 and %d characters, got %d",
                MAX_HOST_LENGTH,
                host.length());
        check(
                host.chars().noneMatch(c -> c <= ' ' || c == '/' || c == '@' || c == '[' || c == ']' || c >= 0x7F),
                "a host has letters, digits, dots, dashes and colons, got %s",
                host);
        check(port > 0 && port <= 65_535, "the port of %s must be 1 to 65535, got %d", host, port);
    }

    /// Throws [IllegalArgumentException] where `text` is not `host:port`.
    public static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        check(colon > 0, "an address is host:port, got %s", text);
        String host = text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        check(bracketed || host.indexOf(':') < 0, "an IPv6 host is written in brackets, got %s", text);
        return new HostPort(bracketed ? host.substring(1, host.length() - 1) : host, port(text, colon));
    }

    private static int port(String text, int colon) {
        try {
            return Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("an address ends with a port, got " + text, notANumber);
        }
    }

    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
