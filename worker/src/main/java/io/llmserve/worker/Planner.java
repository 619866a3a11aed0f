package io.llmserve.worker;

import io.llmserve.core.Clock;
import io.llmserve.wire.AnswerHead;
import io.llmserve.wire.AnswerShape;
import io.llmserve.wire.ChatMessage;
import io.llmserve.wire.ChatRequest;
import io.llmserve.wire.CompletionRequest;
import io.llmserve.wire.GenerateRequest;
import io.llmserve.wire.GenerationFields;
import io.llmserve.wire.Prompt;
import io.llmserve.worker.Plan.Echo;
import io.llmserve.worker.Plan.PlannedPrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// Makes a [Plan] of the bytes of a request.
final class Planner {
    private final ServedModel model;
    private final PromptCheck prompts;
    private final Clock clock;
    private final LongSupplier seeds;
    private final String fingerprint;
    private final AtomicLong serial = new AtomicLong();

    /// @param seeds for requests that name none
    Planner(ServedModel model, PromptCheck prompts, WorkerOptions options, Clock clock, LongSupplier seeds) {
        this.model = model;
        this.prompts = prompts;
        this.clock = clock;
        this.seeds = seeds;
        String weights = model.fingerprint();
        this.fingerprint =
                "llmserve-%s-%s".formatted(options.version(), weights.substring(0, Math.min(8, weights.length())));
    }

    Plan chat(Exchange exchange, byte[] body, long arrivalNanos) throws InterruptedException {
        ChatRequest request = ChatRequest.parse(body);
        String name = model.resolve(request.generation().model());
        int[] ids = prompts.tokenize(
                characters(request.messages()),
                () -> model.language().encode(request.messages(), request.addGenerationPrompt()));
        PlannedPrompt prompt = prompts.plan(ids, Echo.NONE, request.generation(), Integer.MAX_VALUE);
        return plan(AnswerShape.CHAT, name, exchange, request.generation(), List.of(prompt), arrivalNanos);
    }

    Plan text(Exchange exchange, byte[] body, long arrivalNanos) throws InterruptedException {
        CompletionRequest request = CompletionRequest.parse(body);
        String name = model.resolve(request.generation().model());
        List<PlannedPrompt> planned = new ArrayList<>();
        for (Prompt prompt : request.prompts()) {
            int[] ids = prompts.tokenIds(prompt, request.addSpecialTokens());
            Echo echo = request.echo()
                    ? new Echo(text(prompt), request.generation().sampling().logprobs())
                    : Echo.NONE;
            planned.add(prompts.plan(ids, echo, request.generation(), CompletionRequest.DEFAULT_MAX_TOKENS));
        }
        PromptCheck.limitLogprobs(planned, request.generation().choices());
        return plan(AnswerShape.TEXT, name, exchange, request.generation(), planned, arrivalNanos);
    }

    Plan tokens(Exchange exchange, byte[] body, long arrivalNanos) {
        GenerateRequest request = GenerateRequest.parse(body);
        String name = model.resolve(request.generation().model());
        int[] ids = prompts.inVocabulary("token_ids", request.tokenIds());
        PlannedPrompt prompt = prompts.plan(ids, Echo.NONE, request.generation(), GenerateRequest.DEFAULT_MAX_TOKENS);
        return plan(AnswerShape.TOKENS, name, exchange, request.generation(), List.of(prompt), arrivalNanos);
    }

    static long characters(List<ChatMessage> messages) {
        return messages.stream()
                .mapToLong(message -> message.content().length())
                .sum();
    }

    private String text(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text text -> text.text();
            case Prompt.Tokens tokens -> model.language().decode(tokens.ids(), false);
        };
    }

    private Plan plan(
            AnswerShape shape,
            String name,
            Exchange exchange,
            GenerationFields fields,
            List<PlannedPrompt> planned,
            long arrivalNanos) {
        String chosen = fields.identity().requestId().orElse(exchange.requestId());
        String id = shape.idPrefix() + chosen;
        long seed = fields.sampling().seed().orElseGet(seeds);
        return new Plan(
                new AnswerHead(shape, id, clock.now().getEpochSecond(), name, fingerprint),
                fields,
                List.copyOf(planned),
                id + "-" + serial.incrementAndGet(),
                fields.identity().cacheSalt().orElse(""),
                seed,
                arrivalNanos);
    }
}
