package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.wire.WorkerAnnouncement;
import io.llmserve.wire.WorkerAnnouncement.Engine;
import java.util.Optional;

/// The `X-Request-Id` of both hops of one request.
final class HopIds {
    private HopIds() {}

    /// vLLM's P2pNcclConnector reads in it who sends the pages and who gets them.
    static String of(String id, KnownWorker prefill, KnownWorker decode) {
        if (!prefill.engine().equals(Optional.of(Engine.VLLM_P2P_NCCL))) {
            return id;
        }
        return "___prefill_addr_%s___decode_addr_%s_%s".formatted(kvAddress(prefill), kvAddress(decode), id);
    }

    private static HostPort kvAddress(KnownWorker worker) {
        return worker.announcement
                .flatMap(WorkerAnnouncement::kvAddress)
                .orElseThrow(() -> new IllegalStateException(worker.address + " has announced no address for pages"));
    }
}
