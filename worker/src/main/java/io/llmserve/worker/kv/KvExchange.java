package io.llmserve.worker.kv;

import io.llmserve.core.Failure;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.engine.EmbeddedEngine;
import io.llmserve.engine.ExportedPrompt;
import io.llmserve.tensor.KvLayout;
import io.llmserve.transfer.DataEngines;
import io.llmserve.transfer.PageFormat;
import io.llmserve.transfer.TransferClient;
import io.llmserve.transfer.TransferServer;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/// One worker's side of the exchange of pages: serves what its engine offers, fetches what its requests need.
/// Owns its sockets and threads; closed before the engine.
public final class KvExchange implements AutoCloseable {
    private final String engineId = UUID.randomUUID().toString();
    private final EmbeddedEngine engine;
    private final KvOptions options;
    private final DataEngines dataEngines;
    private final TransferServer server;
    private final TransferClient client;
    private final ExecutorService fetches = Executors.newVirtualThreadPerTaskExecutor();
    private final RemotePrompt.Parts parts;

    /// Opens the KV port. CONFIGURATION where that cannot be.
    ///
    /// @param memory the engine's own
    /// @param fingerprint of the model: only workers of the same one exchange pages
    public KvExchange(
            EmbeddedEngine engine,
            SharedKvMemory memory,
            String fingerprint,
            KvOptions options,
            PrometheusRegistry registry,
            String modelName) {
        this.engine = engine;
        this.options = options;
        KvMetrics metrics = new KvMetrics(registry, modelName, engine);
        PageFormat format = format(engine.pageLayout(), fingerprint);
        this.dataEngines = DataEngines.open(options.transfer(), memory.pages());
        this.client = new TransferClient(format, dataEngines, options.transfer(), metrics);
        this.server = serve(format, metrics);
        this.parts = new RemotePrompt.Parts(
                client, fetches, format.pageBytes(), options.fetchTimeout(), options.onFailure());
    }

    private TransferServer serve(PageFormat format, KvMetrics metrics) {
        try {
            return TransferServer.start(
                    new InetSocketAddress(options.host(), options.port()),
                    engineId,
                    format,
                    dataEngines,
                    new OfferedPages(engine.exports(), format.pageBytes()),
                    options.transfer(),
                    metrics);
        } catch (UncheckedIOException refused) {
            client.close();
            dataEngines.close();
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "The worker cannot listen on its %s.".formatted(refused.getMessage()),
                    refused);
        }
    }

    private static PageFormat format(KvLayout layout, String fingerprint) {
        return new PageFormat(
                fingerprint,
                layout.layers(),
                layout.kvHeads(),
                layout.headDimension(),
                layout.type().name().toLowerCase(Locale.ROOT),
                KvLayout.PAGE_POSITIONS,
                Math.toIntExact(layout.pageBytes()));
    }

    /// Names this life of this engine, in `kv_transfer_params`.
    public String engineId() {
        return engineId;
    }

    /// Where other workers fetch pages.
    public HostPort address() {
        return new HostPort(options.advertisedHost(), server.port());
    }

    /// To be closed when its request has ended.
    public RemotePrompt fetching(PullFromPrefill source) {
        return new RemotePrompt(source, parts);
    }

    /// What a worker that decodes must be told to have the pages of a prompt that was computed here.
    ///
    /// @param cachedTokens how many of them were found in the cache here
    public PullFromPrefill offered(String transferId, int promptTokens, int cachedTokens) {
        List<List<Integer>> pages =
                engine.exports().open(transferId).map(KvExchange::pages).orElse(List.of());
        return new PullFromPrefill(engineId, transferId, address(), pages, OptionalInt.of(promptTokens), cachedTokens);
    }

    private static List<List<Integer>> pages(ExportedPrompt open) {
        try (ExportedPrompt prompt = open) {
            int ready = prompt.awaitReady(prompt.pages(), 0);
            return List.of(IntStream.range(0, ready).mapToObj(prompt::page).toList());
        } catch (ServeException givenUp) {
            return List.of();
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    /// Transfers that others have open here.
    public int connected() {
        return server.connected();
    }

    @Override
    public void close() {
        server.close();
        fetches.shutdownNow();
        fetches.close();
        client.close();
        dataEngines.close();
    }
}
