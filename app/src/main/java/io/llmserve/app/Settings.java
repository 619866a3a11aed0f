package io.llmserve.app;

import io.llmserve.engine.AvailableMemory;
import io.llmserve.engine.EngineOptions;
import io.llmserve.gateway.ApiKey;
import io.llmserve.gateway.GatewayOptions;
import io.llmserve.gateway.WorkerSource;
import io.llmserve.manifest.ByteSize;
import io.llmserve.manifest.Routing;
import io.llmserve.manifest.Spec;
import io.llmserve.manifest.Transfer;
import io.llmserve.routing.SplitOptions;
import io.llmserve.tensor.KvLayout;
import io.llmserve.transfer.TransferOptions;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.worker.WorkerOptions;
import java.util.List;

/// What the manifest says, in the words of each room.
final class Settings {
    /// Bodies that wait or run, together, in units of the largest one.
    private static final long BUFFERED_BODIES = 24;

    private Settings() {}

    static int threads(Spec spec) {
        return spec.engine().threads().orElseGet(() -> Runtime.getRuntime().availableProcessors());
    }

    static EngineOptions engine(Spec spec) {
        EngineOptions.KvPool standard = EngineOptions.KvPool.DEFAULT;
        Spec.KvCache cache = spec.kvCache();
        return EngineOptions.DEFAULT
                .withContextLength(spec.models().primary().maxModelLen().orElse(0))
                .withKv(new EngineOptions.KvPool(
                        cache.size().map(ByteSize::bytes).orElse(standard.bytes()),
                        cache.hbmDtype().map(Settings::layoutType).orElse(standard.type()),
                        cache.prefixCaching()))
                .withBatching(batching(spec.scheduling()))
                .withMaxWaiting(spec.server().limits().inFlight() * 2);
    }

    /// EXHAUSTED where the workers' caches do not fit together; each alone sees only what the others have not taken
    /// yet.
    static void requireKvMemory(Spec spec) {
        int count = spec.deployment().roles().size();
        long each = engine(spec).kv().bytes();
        if (count > 1) {
            AvailableMemory.require(
                    count * each, "a KV cache of %,d MB for each of %d workers".formatted(each >> 20, count));
        }
    }

    private static KvLayout.Type layoutType(Spec.KvDtype dtype) {
        return switch (dtype) {
            case F32 -> KvLayout.Type.F32;
            case BF16 -> KvLayout.Type.BF16;
        };
    }

    /// What one of the two limits leaves open follows from the other: a step holds more tokens than answers.
    private static EngineOptions.Batching batching(Spec.Scheduling scheduling) {
        EngineOptions.Batching standard = EngineOptions.Batching.DEFAULT;
        int sequences = scheduling
                .maxDecodeConcurrency()
                .orElseGet(() -> scheduling
                        .maxBatchTokens()
                        .map(tokens -> Math.min(tokens - 1, standard.maxSequences()))
                        .orElse(standard.maxSequences()));
        int tokens = scheduling.maxBatchTokens().orElse(Math.max(standard.maxBatchTokens(), 2 * sequences));
        return new EngineOptions.Batching(
                sequences, tokens, scheduling.prefillChunkTokens(), scheduling.chunkedPrefill());
    }

    /// The worker behind the gateway: it lets in whatever the gateway lets through.
    static WorkerOptions worker(Spec spec, String version) {
        Spec.ServerLimits limits = spec.server().limits();
        WorkerOptions.Limits standard = WorkerOptions.Limits.DEFAULT;
        WorkerOptions.Timeouts timeouts = WorkerOptions.Timeouts.DEFAULT;
        WorkerOptions.Limits wide = new WorkerOptions.Limits(
                Math.toIntExact(limits.bodySize().bytes()),
                Math.max(standard.openRequests(), limits.inFlight() * 2),
                Math.max(standard.connections(), limits.inFlight() * 2),
                standard.streamBufferBytes());
        return new WorkerOptions("127.0.0.1", 0, 1, WorkerOptions.Trust.GATEWAY, wide, timeouts, version);
    }

    static TransferOptions transfer(Transfer manifest) {
        return TransferOptions.DEFAULT.withEngineOrder(manifest.engineOrder().stream()
                .map(engine -> EngineKind.valueOf(engine.name()))
                .toArray(EngineKind[]::new));
    }

    private static GatewayOptions.Hops hops(Spec spec) {
        Spec.Scheduling scheduling = spec.scheduling();
        SplitOptions split = new SplitOptions(
                scheduling.prefillShortPromptTokens(),
                scheduling.prefillLongPromptTokens().orElse(SplitOptions.LEARNED.longTokens()));
        return GatewayOptions.Hops.defaults()
                .with(policy(spec.routing().policy()))
                .with(split);
    }

    private static GatewayOptions.Policy policy(Routing.Policy policy) {
        return switch (policy) {
            case LEAST_IN_FLIGHT -> GatewayOptions.Policy.LEAST_IN_FLIGHT;
            case ROUND_ROBIN -> GatewayOptions.Policy.ROUND_ROBIN;
        };
    }

    /// Those of the manifest's own list.
    static List<WorkerSource> listedWorkers(Routing routing) {
        return routing.workers().stream()
                .<WorkerSource>map(worker -> new WorkerSource.Fixed(worker.hostPort(), worker.role()))
                .toList();
    }

    static GatewayOptions gateway(Spec spec, List<ApiKey> keys, String version) {
        Spec.Server server = spec.server();
        Spec.ServerLimits limits = server.limits();
        Spec.Timeouts timeouts = limits.timeouts();
        GatewayOptions standard = GatewayOptions.defaults();
        GatewayOptions.Timeouts usual = standard.timeouts();
        int bodyBytes = Math.toIntExact(limits.bodySize().bytes());
        return standard.with(new GatewayOptions.Listen(server.host(), server.port(), server.metricsPort(), 1))
                .with(new GatewayOptions.Limits(
                        bodyBytes,
                        Math.max(standard.limits().maxBufferedBytes(), bodyBytes * BUFFERED_BODIES),
                        standard.limits().maxHeaderBytes(),
                        limits.connections(),
                        limits.inFlight(),
                        limits.queue(),
                        limits.streams()))
                .with(new GatewayOptions.Timeouts(
                        timeouts.head(),
                        timeouts.body(),
                        usual.idle(),
                        timeouts.queue(),
                        usual.connect(),
                        timeouts.answer(),
                        usual.stall(),
                        usual.slowClient()))
                .with(new GatewayOptions.Security(keys, standard.security().saltSecret()))
                .with(hops(spec))
                .withVersion(version);
    }
}
