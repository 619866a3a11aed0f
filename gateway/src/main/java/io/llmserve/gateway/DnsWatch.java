package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.llmserve.gateway.WorkerSource.Dns;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows the addresses of names: one that appears joins the workers, one that disappears leaves them. A name
/// that cannot be asked for changes nothing. Names are asked beside the event loop that owns this.
final class DnsWatch extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(DnsWatch.class);

    /// All addresses of a name.
    @FunctionalInterface
    interface Resolver {
        List<String> resolve(String name) throws UnknownHostException;

        Resolver SYSTEM = name -> Arrays.stream(InetAddress.getAllByName(name))
                .map(InetAddress::getHostAddress)
                .toList();
    }

    private final WorkerPool pool;
    private final List<Dns> sources;
    private final Duration interval;
    private final Resolver resolver;
    private final Map<Dns, Set<HostPort>> known = new HashMap<>();

    DnsWatch(WorkerPool pool, List<Dns> sources, Duration interval, Resolver resolver) {
        this.pool = pool;
        this.sources = List.copyOf(sources);
        this.interval = interval;
        this.resolver = resolver;
    }

    @Override
    public Future<?> start() {
        vertx.setPeriodic(interval.toMillis(), timer -> look());
        return look();
    }

    private Future<Void> look() {
        return Future.join(sources.stream().map(this::ask).toList())
                .<Void>mapEmpty()
                .otherwiseEmpty();
    }

    private Future<Void> ask(Dns source) {
        return vertx.executeBlocking(() -> addresses(source), false)
                .onComplete(answer -> {
                    Set<HostPort> found = answer.result();
                    if (found == null) {
                        LOG.warn("{} is not found: {}", source.name(), String.valueOf(answer.cause()));
                    } else {
                        follow(source, found);
                    }
                })
                .<Void>mapEmpty();
    }

    private Set<HostPort> addresses(Dns source) throws UnknownHostException {
        return resolver.resolve(source.name()).stream()
                .map(host -> new HostPort(host, source.port()))
                .collect(Collectors.toSet());
    }

    private void follow(Dns source, Set<HostPort> found) {
        Set<HostPort> before = known.put(source, found);
        if (before != null) {
            before.stream().filter(address -> !found.contains(address)).forEach(pool::remove);
        }
        found.stream().filter(address -> !pool.has(address)).forEach(address -> pool.add(address, source.role()));
    }
}
