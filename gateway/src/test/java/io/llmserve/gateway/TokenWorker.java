package io.llmserve.gateway;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Random;

/// A fake worker with a [TokenModel] that streams as vLLM does, or as an embedded engine: which goes on from
/// `resume_token_ids`, and holds back only what a stop string may begin with. `stop` is a list here.
final class TokenWorker implements FakeWorker.Script {
    private final boolean embedded;
    private final Random random;
    private final int endsAfter;
    private final FakeWorker.Script end;
    private volatile boolean strays;
    private volatile boolean ended;

    /// @param endsAfter so many events of its first answer, `end` befalls it
    TokenWorker(boolean embedded, Random random, int endsAfter, FakeWorker.Script end) {
        this.embedded = embedded;
        this.random = random;
        this.endsAfter = endsAfter;
        this.end = end;
    }

    /// Another model from now on.
    void goAstray() {
        strays = true;
    }

    static List<Integer> prompt(String uri, JsonObject body) {
        if (uri.startsWith("/inference")) {
            return numbers(body.getJsonArray("token_ids"));
        }
        Object prompt = body.getValue(uri.startsWith("/v1/chat") ? "messages" : "prompt");
        return prompt instanceof JsonArray ids && !uri.startsWith("/v1/chat")
                ? numbers(ids)
                : TokenModel.encode(prompt.toString());
    }

    static JsonObject sampling(String uri, JsonObject body) {
        return uri.startsWith("/inference") ? body.getJsonObject("sampling_params") : body;
    }

    private static List<Integer> numbers(JsonArray ids) {
        return ids.stream().map(Integer.class::cast).toList();
    }

    @Override
    public boolean answer(FakeWorker.Received request, FakeWorker.Wire wire) throws IOException, InterruptedException {
        return new Streamed(request, wire).send();
    }

    /// One answer.
    private final class Streamed {
        private final FakeWorker.Received request;
        private final FakeWorker.Wire wire;
        private final JsonObject body;
        private final List<Integer> prompt;
        private final List<String> stops;
        private final boolean chat;
        private final boolean tokensOnly;
        private final boolean tells;
        private final String head;
        private int events;

        Streamed(FakeWorker.Received request, FakeWorker.Wire wire) {
            this.request = request;
            this.wire = wire;
            body = new JsonObject(request.body());
            prompt = prompt(request.uri(), body);
            chat = request.uri().startsWith("/v1/chat");
            tokensOnly = request.uri().startsWith("/inference");
            tells = tokensOnly || body.getBoolean("return_token_ids", false);
            JsonObject sampling = sampling(request.uri(), body);
            stops = sampling.getBoolean("include_stop_str_in_output", false)
                    ? List.of()
                    : sampling.getJsonArray("stop", new JsonArray()).stream()
                            .map(Object::toString)
                            .toList();
            head = tokensOnly
                    ? "{\"request_id\":\"r-" + System.nanoTime() + "\",\"usage\":null,\"choices\":["
                    : "{\"id\":\"x-" + System.nanoTime() + "\",\"object\":\""
                            + (chat ? "chat.completion.chunk" : "text_completion") + "\",\"created\":"
                            + System.nanoTime() + ",\"model\":\"m\",\"choices\":[";
        }

        boolean send() throws IOException, InterruptedException {
            wire.beginStream();
            List<Integer> told = strays ? prompt.reversed() : prompt;
            List<TokenModel.Step> steps = new TokenModel(told, sampling(request.uri(), body)).run();
            int from = body.getJsonArray("resume_token_ids", new JsonArray()).size();
            String shown = from == 0 ? "" : shown(steps.get(from - 1));
            if (chat
                    && !event(
                            "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}")) {
                return false;
            }
            while (from < steps.size()) {
                int to = Math.min(steps.size(), from + 1 + (random.nextInt(4) == 0 ? random.nextInt(3) : 0));
                String text = shown(steps.get(to - 1));
                if (!event(choice(steps.subList(from, to), text.substring(Math.min(text.length(), shown.length()))))) {
                    return false;
                }
                shown = text.length() > shown.length() ? text : shown;
                from = to;
            }
            return usage(steps.size()) && last();
        }

        private String shown(TokenModel.Step step) {
            String text = step.text();
            if (step.finish().isPresent() || stops.isEmpty()) {
                return text;
            }
            int longest = stops.stream()
                    .mapToInt(stop -> stop.codePointCount(0, stop.length()))
                    .max()
                    .orElse(1);
            int held = longest - 1;
            while (embedded && held > 0 && !begins(text, held)) {
                held--;
            }
            // As vLLM counts characters: an emoji is one.
            int characters = text.codePointCount(0, text.length());
            return text.substring(0, text.offsetByCodePoints(0, Math.max(0, characters - held)));
        }

        private boolean begins(String text, int characters) {
            int all = text.codePointCount(0, text.length());
            String tail = text.substring(text.offsetByCodePoints(0, Math.max(0, all - characters)));
            return stops.stream().anyMatch(stop -> stop.startsWith(tail));
        }

        private String choice(List<TokenModel.Step> steps, String text) {
            JsonObject choice = new JsonObject().put("index", 0);
            if (chat) {
                choice.put("delta", new JsonObject().put("content", text));
            } else if (!tokensOnly) {
                choice.put("text", text);
            }
            choice.put("logprobs", null)
                    .put("finish_reason", steps.getLast().finish().orElse(null));
            if (tells) {
                choice.put(
                        "token_ids",
                        new JsonArray(steps.stream().map(TokenModel.Step::token).toList()));
            }
            return choice.encode();
        }

        /// False where the answer ends here.
        private boolean event(String choice) throws IOException, InterruptedException {
            boolean first = events == 0 && tells && !tokensOnly;
            return said("data: " + head + choice + "]" + (first ? ",\"prompt_token_ids\":" + prompt : "") + "}\n\n");
        }

        private boolean usage(int completion) throws IOException, InterruptedException {
            if (!body.getJsonObject("stream_options", new JsonObject()).getBoolean("include_usage", false)) {
                return true;
            }
            String counts = "{\"prompt_tokens\":" + prompt.size() + ",\"total_tokens\":" + (prompt.size() + completion)
                    + ",\"completion_tokens\":" + completion + "}";
            return said(
                    tokensOnly
                            ? "data: " + head.replace("\"usage\":null", "\"usage\":" + counts) + "]}\n\n"
                            : "data: " + head + "],\"usage\":" + counts + "}\n\n");
        }

        private boolean said(String event) throws IOException, InterruptedException {
            boolean over = events == endsAfter && !ended && !end.answer(request, wire);
            if (over) {
                ended = true;
                return false;
            }
            events++;
            wire.chunk(event);
            return true;
        }

        private boolean last() throws IOException {
            wire.chunk("data: [DONE]\n\n");
            wire.endStream();
            return true;
        }
    }

    static FakeWorker worker(TokenWorker script) throws IOException {
        return new FakeWorker(script).owner(script.embedded ? "llmserve" : "vllm");
    }
}
