package io.llmserve.wire;

import io.llmserve.wire.KvTransfer.KeepForDecode;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import java.util.List;

/// Writes [KvTransfer] with the fields, and in the order, in which vLLM does.
final class KvTransferWriter {
    private KvTransferWriter() {}

    static void write(JsonBytes json, KvTransfer transfer) {
        switch (transfer) {
            case KeepForDecode _ ->
                json.raw("{\"do_remote_decode\":true,\"do_remote_prefill\":false,\"remote_engine_id\":null,"
                        + "\"remote_block_ids\":null,\"remote_host\":null,\"remote_port\":null}");
            case PullFromPrefill pull -> pull(json, pull);
        }
    }

    private static void pull(JsonBytes json, PullFromPrefill pull) {
        json.raw("{\"do_remote_prefill\":true,\"do_remote_decode\":false,\"remote_block_ids\":");
        blockIds(json, pull.blockIds());
        json.raw(",\"remote_engine_id\":").string(pull.engineId());
        json.raw(",\"remote_request_id\":").string(pull.requestId());
        json.raw(",\"remote_host\":").string(pull.peer().host());
        json.raw(",\"remote_port\":").number(pull.peer().port());
        json.raw(",\"tp_size\":1");
        if (pull.tokens().isPresent()) {
            json.raw(",\"remote_num_tokens\":").number(pull.tokens().getAsInt());
        }
        json.raw(",\"transfer_mode\":\"pull\",\"remote_prefill_cached_tokens\":")
                .number(pull.cachedTokens())
                .raw("}");
    }

    private static void blockIds(JsonBytes json, List<List<Integer>> groups) {
        if (groups.isEmpty()) {
            json.raw("null");
            return;
        }
        for (int i = 0; i < groups.size(); i++) {
            json.raw(i == 0 ? "[" : ",");
            json.numbers(groups.get(i).stream().mapToInt(Integer::intValue).toArray());
        }
        json.raw("]");
    }
}
