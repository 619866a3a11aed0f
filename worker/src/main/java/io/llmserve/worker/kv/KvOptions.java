package io.llmserve.worker.kv;

import static io.llmserve.core.Checks.check;

import io.llmserve.transfer.TransferOptions;
import java.time.Duration;

/// How a worker exchanges pages with others.
///
/// @param host where the KV port listens
/// @param port 0 for any free one
/// @param advertisedHost how other workers reach `host`
/// @param onFailure what becomes of a request whose pages do not come
/// @param fetchTimeout how long a prefill may announce no further page of a prompt, though its worker lives
public record KvOptions(
        String host,
        int port,
        String advertisedHost,
        OnFailure onFailure,
        Duration fetchTimeout,
        TransferOptions transfer) {
    /// KV ports of the roles.
    public static final int PREFILL_PORT = 20_001;

    public static final int DECODE_PORT = 21_001;

    public KvOptions {
        check(port >= 0 && port <= 65_535, "port must be between 0 and 65535, got %d", port);
        check(fetchTimeout.isPositive(), "fetchTimeout must be positive, got %s", fetchTimeout);
    }

    /// vLLM's `kv_load_failure_policy`.
    public enum OnFailure {
        /// What did not come is computed here.
        RECOMPUTE,
        /// The request ends with an error.
        FAIL
    }

    /// For workers of one machine.
    public static KvOptions loopback(int port) {
        return new KvOptions(
                "127.0.0.1", port, "127.0.0.1", OnFailure.RECOMPUTE, Duration.ofSeconds(60), TransferOptions.DEFAULT);
    }

    public KvOptions with(OnFailure policy) {
        return new KvOptions(host, port, advertisedHost, policy, fetchTimeout, transfer);
    }

    public KvOptions with(Duration timeout) {
        return new KvOptions(host, port, advertisedHost, onFailure, timeout, transfer);
    }

    public KvOptions with(TransferOptions options) {
        return new KvOptions(host, port, advertisedHost, onFailure, fetchTimeout, options);
    }

    public KvOptions at(String listen, String advertised) {
        return new KvOptions(listen, port, advertised, onFailure, fetchTimeout, transfer);
    }
}
