package io.llmserve.transfer;

import static io.llmserve.core.Checks.check;

/// Where a worker serves its pages.
public record PeerAddress(String host, int port) {
    public PeerAddress {
        check(!host.isBlank(), "a peer needs a host");
        check(port > 0 && port < 65_536, "port must be in 1..65535, got %d", port);
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
