package io.llmserve.e2e;

import io.llmserve.testkit.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A streamed answer as its client reads it.
///
/// @param finishes the reasons, one of them in a right answer
/// @param usages `prompt + completion`, as often as they were told
/// @param others events that are no JSON object of an answer, such as `[DONE]` and errors
record StreamedAnswer(String text, List<Integer> ids, List<String> finishes, List<String> usages, List<String> others) {
    interface Deed {
        void act() throws Exception;
    }

    static StreamedAnswer read(HttpRequest request) throws Exception {
        return read(request, Integer.MAX_VALUE, () -> {});
    }

    /// @param deed is done when `at` tokens have come
    static StreamedAnswer read(HttpRequest request, int at, Deed deed) throws Exception {
        StringBuilder text = new StringBuilder();
        StreamedAnswer soFar =
                new StreamedAnswer("", new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        boolean done = false;
        HttpResponse<InputStream> answer = ServerProcess.HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                soFar.take(line, text);
                if (!done && soFar.ids.size() >= at) {
                    done = true;
                    deed.act();
                }
            }
        } catch (IOException cut) {
            throw new AssertionError("cut after '%s' %s".formatted(text, soFar), cut);
        }
        return new StreamedAnswer(text.toString(), soFar.ids, soFar.finishes, soFar.usages, soFar.others);
    }

    private void take(String line, StringBuilder text) {
        String data = line.startsWith("data: ") ? line.substring("data: ".length()) : line;
        if (!data.startsWith("{") || data.startsWith("{\"error\"")) {
            if (!data.isEmpty()) {
                others.add(data);
            }
            return;
        }
        Json chunk = Json.parse(data);
        chunk.find("/usage")
                .ifPresent(usage -> usages.add(usage.at("/prompt_tokens") + " + " + usage.at("/completion_tokens")));
        for (Json choice : chunk.at("/choices").items()) {
            choice.find("/text").or(() -> choice.find("/delta/content")).ifPresent(piece -> text.append(piece.text()));
            choice.find("/token_ids").ifPresent(more -> more.items().forEach(id -> ids.add(id.number())));
            choice.find("/finish_reason").ifPresent(reason -> finishes.add(reason.text()));
        }
    }
}
