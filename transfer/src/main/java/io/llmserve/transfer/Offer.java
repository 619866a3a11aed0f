package io.llmserve.transfer;

import io.llmserve.transfer.data.EngineKind;

/// One side's word on one data engine: it works here, and this is what a peer needs to use it, or why it
/// does not.
///
/// @param reason why not; empty when it works
/// @param details the engine's own metadata; empty when it does not work
record Offer(EngineKind kind, String reason, byte[] details) {
    static Offer works(EngineKind kind, byte[] details) {
        return new Offer(kind, "", details);
    }

    static Offer lacks(EngineKind kind, String reason) {
        return new Offer(kind, reason.isBlank() ? "no reason given" : reason, new byte[0]);
    }

    boolean works() {
        return reason.isEmpty();
    }
}
