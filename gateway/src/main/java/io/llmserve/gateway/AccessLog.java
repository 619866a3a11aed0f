package io.llmserve.gateway;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One compact line per request, at DEBUG.
final class AccessLog {
    private static final Logger LOG = LoggerFactory.getLogger("io.llmserve.gateway.access");

    private AccessLog() {}

    static void answered(
            RequestHead head, int status, String model, double seconds, long receivedBytes, long sentBytes) {
        LOG.debug(
                "{} {} {} tenant={} model={} {}ms in={} out={}",
                head.id(),
                head.route().path(),
                status,
                head.tenant().name(),
                model,
                Math.round(seconds * 1000),
                receivedBytes,
                sentBytes);
    }

    /// What the gateway answered itself.
    static void answeredHere(String id, String route, int status, String tenant) {
        LOG.debug("{} {} {} tenant={}", id, route, status, tenant);
    }

    static boolean isOn() {
        return LOG.isDebugEnabled();
    }
}
