package io.llmserve.wire;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.HostPort;
import io.llmserve.core.WorkerRole;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What a worker says of itself when it registers with a gateway.
///
/// @param id stays the same while the process lives; a restarted worker has another
/// @param kvAddress where pages are fetched from; empty where the worker hands none over
/// @param engineId the name of its engine in `kv_transfer_params`; empty where not known
/// @param adapters names under which it answers besides the model's
/// @param kvStreaming pages may be fetched under the id of the request while prefill still runs
public record WorkerAnnouncement(
        String id,
        WorkerRole role,
        HostPort httpAddress,
        Optional<HostPort> kvAddress,
        Engine engine,
        String engineId,
        String model,
        List<String> adapters,
        Limits limits,
        boolean kvStreaming,
        String version) {

    public WorkerAnnouncement {
        check(!id.isBlank(), "a worker has an id");
        check(!kvStreaming || kvAddress.isPresent(), "worker %s streams pages from no address", id);
        adapters = List.copyOf(adapters);
    }

    /// What runs in the worker; which extensions of the contract it knows follows from that.
    public enum Engine {
        EMBEDDED("embedded"),
        VLLM("vllm"),
        /// vLLM with P2pNcclConnector: addresses travel in the id of the request.
        VLLM_P2P_NCCL("vllm-p2p-nccl");

        private final String wireName;

        Engine(String wireName) {
            this.wireName = wireName;
        }

        public String wireName() {
            return wireName;
        }

        public static Optional<Engine> of(String wireName) {
            return Arrays.stream(values())
                    .filter(engine -> engine.wireName.equals(wireName))
                    .findFirst();
        }
    }

    /// What the worker can hold; 0 where it did not say.
    public record Limits(int blockSize, int maxModelLength, int maxSequences) {
        public static final Limits UNKNOWN = new Limits(0, 0, 0);

        public Limits {
            check(
                    blockSize >= 0 && maxModelLength >= 0 && maxSequences >= 0,
                    "limits of a worker are not negative, got %d, %d, %d",
                    blockSize,
                    maxModelLength,
                    maxSequences);
        }
    }
}
