package io.llmserve.gateway;

import io.llmserve.wire.WorkerAnnouncement;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A fake that speaks the worker contract, with a model whose next token is a function of prompt, seed and
/// position: so any worker can go on where another one stopped, and a test can tell what must come out.
final class ContractWorker implements FakeWorker.Script {
    /// What befalls the answer in front of its token number `at` (counted from the first of the whole answer).
    record Fault(int at, FakeWorker.Script what) {}

    static final int PROMPT_TOKENS = 40;

    private final AtomicReference<@Nullable Fault> fault = new AtomicReference<>();
    private volatile boolean givesTransfer = true;
    private volatile String transferFields = "";

    /// Once.
    void failAt(int token, FakeWorker.Script what) {
        fault.set(new Fault(token, what));
    }

    void givesTransfer(boolean gives) {
        givesTransfer = gives;
    }

    /// More fields in its `kv_transfer_params`, each with a comma in front.
    void transferFields(String more) {
        transferFields = more;
    }

    static int token(JsonObject body, int position) {
        Object prompt = body.getValue("prompt", body.getValue("messages"));
        boolean greedy = body.getDouble("temperature", 1.0) == 0;
        long seed = greedy ? 0 : body.getLong("seed", 0L);
        return new Random(31 * (31L * prompt.toString().hashCode() + seed) + position).nextInt(1_000);
    }

    static String text(JsonObject body) {
        return IntStream.range(0, body.getInteger("max_tokens"))
                .mapToObj(position -> "w" + token(body, position) + " ")
                .collect(Collectors.joining());
    }

    @Override
    public boolean answer(FakeWorker.Received request, FakeWorker.Wire wire) throws IOException, InterruptedException {
        JsonObject body = new JsonObject(request.body());
        JsonObject transfer = body.getJsonObject("kv_transfer_params", new JsonObject());
        if (transfer.getBoolean("do_remote_decode", false)) {
            return prefill(request, wire);
        }
        return body.getBoolean("stream", false) ? new Streamed(request, body, wire).send() : whole(request, body, wire);
    }

    private boolean prefill(FakeWorker.Received request, FakeWorker.Wire wire)
            throws IOException, InterruptedException {
        Fault due = fault.get();
        if (due != null && fault.compareAndSet(due, null) && !due.what().answer(request, wire)) {
            return false;
        }
        String transfer = "{\"do_remote_prefill\": true, \"do_remote_decode\":false,\"remote_block_ids\":[[1,2]],"
                + "\"remote_engine_id\":\"e\",\"remote_request_id\":\""
                + request.headers().get("x-request-id")
                + "\",\"remote_host\":\"127.0.0.1\",\"remote_port\":20001" + transferFields + "}";
        return FakeWorker.json(
                        200,
                        "{\"id\":\"p\",\"choices\":[{\"index\":0,\"text\":\"x\"}],\"usage\":{\"prompt_tokens\":"
                                + PROMPT_TOKENS + "},\"kv_transfer_params\":" + (givesTransfer ? transfer : "null")
                                + "}")
                .answer(request, wire);
    }

    private boolean whole(FakeWorker.Received request, JsonObject body, FakeWorker.Wire wire)
            throws IOException, InterruptedException {
        Fault due = fault.get();
        if (due != null && fault.compareAndSet(due, null) && !due.what().answer(request, wire)) {
            return false;
        }
        return FakeWorker.json(200, "{\"choices\":[{\"index\":0,\"text\":\"" + text(body) + "\"}]}")
                .answer(request, wire);
    }

    /// One streamed answer, with a chunk for each token.
    private final class Streamed {
        private final FakeWorker.Received request;
        private final JsonObject body;
        private final FakeWorker.Wire wire;
        private final boolean chat;
        private final String head;
        private final int already;
        private boolean promptTold;

        Streamed(FakeWorker.Received request, JsonObject body, FakeWorker.Wire wire) {
            this.request = request;
            this.body = body;
            this.wire = wire;
            chat = request.uri().startsWith("/v1/chat");
            // Every worker has its own clock, which the client must not see change.
            head = "{\"id\":\"x-" + request.headers().get("x-request-id") + "\",\"created\":" + System.nanoTime()
                    + ",\"model\":\"m\",\"choices\":[";
            already = body.getJsonArray("resume_token_ids", new JsonArray()).size();
        }

        boolean send() throws IOException, InterruptedException {
            wire.beginStream();
            int max = body.getInteger("max_tokens");
            if (chat) {
                event("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}");
            }
            for (int position = already; position < max; position++) {
                if (fails(position)) {
                    return false;
                }
                token(position, position == max - 1);
            }
            if (already == max) {
                part("", "", "\"length\"");
            }
            if (fails(max)) {
                return false;
            }
            if (body.getJsonObject("stream_options", new JsonObject()).getBoolean("include_usage", false)) {
                wire.chunk("data: " + head + "],\"usage\":{\"prompt_tokens\":" + PROMPT_TOKENS
                        + ",\"completion_tokens\":" + max + "}}\n\n");
            }
            if (fails(max + 1)) {
                return false;
            }
            wire.chunk("data: [DONE]\n\n");
            wire.endStream();
            return true;
        }

        private boolean fails(int position) throws IOException, InterruptedException {
            Fault due = fault.get();
            return due != null
                    && due.at() == position
                    && fault.compareAndSet(due, null)
                    && !due.what().answer(request, wire);
        }

        private void token(int position, boolean last) throws IOException {
            int id = ContractWorker.token(body, position);
            part("w" + id + " ", Integer.toString(id), last ? "\"length\"" : "null");
        }

        private void part(String text, String ids, String finish) throws IOException {
            String said = chat ? "\"delta\":{\"content\":\"" + text + "\"}" : "\"text\":\"" + text + "\"";
            String told = body.getBoolean("return_token_ids", false) ? ",\"token_ids\":[" + ids + "]" : "";
            event("{\"index\":0," + said + ",\"logprobs\":null,\"finish_reason\":" + finish + told + "}");
        }

        private void event(String choice) throws IOException {
            boolean tells = !promptTold && body.getBoolean("return_token_ids", false);
            promptTold = true;
            wire.chunk("data: " + head + choice + "]" + (tells ? ",\"prompt_token_ids\":[1,2]" : "") + "}\n\n");
        }
    }

    /// What a client reads in a streamed answer.
    record Read(
            String text,
            List<Integer> tokenIds,
            List<String> finishes,
            int roles,
            int usages,
            boolean done,
            List<String> heads) {
        static Read of(String body) {
            StringBuilder text = new StringBuilder();
            List<Integer> ids = new ArrayList<>();
            List<String> finishes = new ArrayList<>();
            List<String> heads = new ArrayList<>();
            int roles = 0;
            int usages = 0;
            for (String line : body.split("\n", -1)) {
                if (!line.startsWith("data: {")) {
                    continue;
                }
                JsonObject chunk = new JsonObject(line.substring(6));
                heads.add(chunk.getString("id") + chunk.getLong("created"));
                usages += chunk.getJsonObject("usage") == null ? 0 : 1;
                for (Object each : chunk.getJsonArray("choices", new JsonArray())) {
                    JsonObject choice = (JsonObject) each;
                    JsonObject delta = choice.getJsonObject("delta", new JsonObject());
                    roles += delta.containsKey("role") ? 1 : 0;
                    text.append(choice.getString("text", delta.getString("content", "")));
                    choice.getJsonArray("token_ids", new JsonArray()).forEach(id -> ids.add((Integer) id));
                    if (choice.getString("finish_reason") != null) {
                        finishes.add(choice.getString("finish_reason"));
                    }
                }
            }
            return new Read(
                    text.toString(),
                    ids,
                    finishes,
                    roles,
                    usages,
                    body.endsWith("data: [DONE]\n\n"),
                    heads.stream().distinct().toList());
        }
    }

    /// What an embedded worker would announce of itself.
    static WorkerAnnouncement announcement(FakeWorker worker, io.llmserve.core.WorkerRole role) {
        return new WorkerAnnouncement(
                "id-" + worker.endpoint(),
                role,
                worker.endpoint(),
                java.util.Optional.of(new io.llmserve.core.HostPort("127.0.0.1", 20_001)),
                WorkerAnnouncement.Engine.EMBEDDED,
                "engine-" + worker.endpoint().port(),
                "m",
                List.of(),
                WorkerAnnouncement.Limits.UNKNOWN,
                true,
                "1");
    }
}
