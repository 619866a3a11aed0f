package io.llmserve.wire;

import java.util.Locale;

/// What the gateway answers a worker.
public enum DiscoveryReply {
    WELCOME,
    /// The gateway does not know this worker (it was restarted, or the worker was silent too long): register.
    UNKNOWN;

    public byte[] encode() {
        return DiscoveryWriter.reply(name().toLowerCase(Locale.ROOT));
    }

    /// INVALID_REQUEST where the message is none of these.
    public static DiscoveryReply decode(byte[] message) {
        return DiscoveryReader.reply(message);
    }
}
