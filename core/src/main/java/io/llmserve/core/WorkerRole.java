package io.llmserve.core;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// What a worker is there for. Any worker can answer a whole request; the role is what it is meant for.
public enum WorkerRole {
    /// Computes prompts and hands their pages over.
    PREFILL,
    /// Streams tokens, from pages that prefill computed.
    DECODE,
    /// Whole requests, and either half of one.
    BOTH;

    /// The role in announcements, flags and metric labels.
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<WorkerRole> of(String wireName) {
        return Arrays.stream(values())
                .filter(role -> role.wireName().equals(wireName))
                .findFirst();
    }

    public boolean prefills() {
        return this != DECODE;
    }

    public boolean decodes() {
        return this != PREFILL;
    }
}
