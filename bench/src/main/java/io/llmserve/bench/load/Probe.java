package io.llmserve.bench.load;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;

/// What is learnt from a server before the load: whether it knows `ignore_eos`, and how many tokens it makes of
/// words.
record Probe(boolean ignoreEos, PromptText.Size size) {
    private static final int FEW_WORDS = 20;
    private static final int MANY_WORDS = 120;

    static Probe of(OpenAiEndpoint endpoint, RequestBody body) {
        boolean ignoreEos = ask(endpoint, with(body, true), FEW_WORDS).statusCode() != 400;
        RequestBody chosen = with(body, ignoreEos);
        int few = promptTokens(endpoint, chosen, FEW_WORDS);
        int many = promptTokens(endpoint, chosen, MANY_WORDS);
        double perWord = (double) (many - few) / (MANY_WORDS - FEW_WORDS);
        return new Probe(
                ignoreEos,
                perWord > 0 ? new PromptText.Size(perWord, few - perWord * FEW_WORDS) : PromptText.Size.WORD_IS_TOKEN);
    }

    private static RequestBody with(RequestBody body, boolean ignoreEos) {
        return new RequestBody(body.model(), body.chat(), false, ignoreEos);
    }

    private static int promptTokens(OpenAiEndpoint endpoint, RequestBody body, int words) {
        HttpResponse<String> answer = ask(endpoint, body, words);
        if (answer.statusCode() != 200) {
            throw new ServeException(
                    Failure.UPSTREAM,
                    "%s%s answered %d to the first request: %s"
                            .formatted(
                                    endpoint.base(),
                                    body.path(),
                                    answer.statusCode(),
                                    OpenAiEndpoint.shown(answer.body())));
        }
        return StreamedAnswer.usage(OpenAiEndpoint.tree(answer.body()).path("usage"))
                .promptTokens();
    }

    private static HttpResponse<String> ask(OpenAiEndpoint endpoint, RequestBody body, int words) {
        Shape shape = new Shape("probe", 1, words, 1);
        String prompt =
                new PromptText(PromptText.Size.WORD_IS_TOKEN, 0, 1, words).write(new PlannedRequest(0, shape, 0));
        HttpRequest request = endpoint.request(body.path())
                .POST(BodyPublishers.ofByteArray(body.json(prompt, shape.outputTokens())))
                .build();
        return endpoint.exchange(request);
    }
}
