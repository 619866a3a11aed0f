package io.llmserve.app;

/// Host names as they are written in URLs.
final class Addresses {
    private Addresses() {}

    /// Where a client on this machine reaches a server that listens on `host`.
    static String forClients(String host) {
        return switch (host) {
            case "0.0.0.0" -> "127.0.0.1";
            case "::" -> "[::1]";
            default -> host.contains(":") ? "[" + host + "]" : host;
        };
    }

    /// Whether only this machine can reach `host`.
    static boolean onlyThisMachine(String host) {
        return host.equals("localhost") || host.startsWith("127.") || host.equals("::1");
    }
}
