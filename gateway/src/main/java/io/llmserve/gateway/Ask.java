package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.routing.PromptChunks;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import java.util.Optional;
import java.util.Set;

/// What a request needs of a worker.
///
/// @param model empty: any
/// @param prompt [PromptChunks#NONE] where nobody looked
/// @param mayPart it may be split into prefill and decode
/// @param engine only a worker with this one will do
/// @param tried workers that have failed it
record Ask(String model, PromptChunks prompt, boolean mayPart, Optional<Engine> engine, Set<HostPort> tried) {
    /// The whole request to any worker.
    static Ask anything(String model) {
        return new Ask(model, PromptChunks.NONE, false, Optional.empty(), Set.of());
    }
}
