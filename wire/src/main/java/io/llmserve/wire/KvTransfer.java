package io.llmserve.wire;

import io.llmserve.core.HostPort;
import java.util.List;
import java.util.OptionalInt;

/// `kv_transfer_params`: what one worker is told, or tells, about pages that another one has, in the words of
/// vLLM's NixlConnector (pull). A router passes the object on as it is ([JsonMember#value]); this is how a worker of
/// ours reads and writes it.
public sealed interface KvTransfer {
    /// In a request: compute the prompt and keep its pages for a decode worker (`do_remote_decode`).
    record KeepForDecode() implements KvTransfer {}

    /// In the answer of prefill and in the request to decode: the pages are there to be fetched
    /// (`do_remote_prefill`).
    ///
    /// @param engineId of the engine that has them
    /// @param requestId the name under which it keeps them
    /// @param blockIds one list per cache group; empty where not known (yet)
    /// @param tokens positions that the pages cover; empty where not known (yet)
    /// @param cachedTokens how many of these prefill had in its cache
    record PullFromPrefill(
            String engineId,
            String requestId,
            HostPort peer,
            List<List<Integer>> blockIds,
            OptionalInt tokens,
            int cachedTokens)
            implements KvTransfer {
        public PullFromPrefill {
            blockIds = blockIds.stream().map(List::copyOf).toList();
        }

        /// Pages that prefill will have under the id of the request, from where it announced.
        public static PullFromPrefill early(String engineId, String requestId, HostPort peer) {
            return new PullFromPrefill(engineId, requestId, peer, List.of(), OptionalInt.empty(), 0);
        }
    }

    /// As a JSON object.
    default byte[] toJson() {
        JsonBytes json = new JsonBytes(256);
        KvTransferWriter.write(json, this);
        return json.toBytes();
    }
}
