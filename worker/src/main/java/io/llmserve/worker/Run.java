package io.llmserve.worker;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import io.llmserve.engine.Engine;
import io.llmserve.engine.Generation;
import io.llmserve.engine.GenerationRequest;
import io.llmserve.engine.GenerationUsage;
import io.llmserve.text.StopStrings;
import io.llmserve.wire.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// One plan on its way through the engine, on a virtual thread of its own. Ends when the engine has let go of
/// every generation, whatever happened to the client: until then the request counts as open.
final class Run {
    /// How long the engine has to say the last word on generations that nobody wants any more.
    private static final Duration LETTING_GO = Duration.ofSeconds(30);
    /// No clock says this; 0 it may.
    private static final long NO_TOKEN_YET = Long.MIN_VALUE;

    private final Engine engine;
    private final Exchange exchange;
    private final Plan plan;
    private final PageHandover pages;
    private final Answer answer;
    private final WorkerMetrics metrics;
    private final Clock clock;
    private final TokenFeed feed;
    private final List<ChoiceText> choices = new ArrayList<>();
    private final List<Generation> generations = new CopyOnWriteArrayList<>();
    private final boolean[] ended;
    private final long[] lastTokenNanos;
    private int open;
    private Usage usage = Usage.NONE;
    private @Nullable ServeException failure;

    Run(
            Engine engine,
            Exchange exchange,
            Plan plan,
            PageHandover pages,
            Answer answer,
            ServedModel model,
            WorkerMetrics metrics,
            Clock clock) {
        this.engine = engine;
        this.exchange = exchange;
        this.plan = plan;
        this.pages = pages;
        this.answer = answer;
        this.metrics = metrics;
        this.clock = clock;
        this.feed = new TokenFeed(clock);
        this.ended = new boolean[plan.choiceCount()];
        this.lastTokenNanos = new long[plan.choiceCount()];
        Arrays.fill(lastTokenNanos, NO_TOKEN_YET);
        StopStrings stops = StopStrings.of(plan.fields().sampling().stopping().stop());
        for (int choice = 0; choice < plan.choiceCount(); choice++) {
            choices.add(new ChoiceText(choice, plan.promptOf(choice).echo(), model, plan.fields(), stops));
        }
        choices.getFirst().resume(plan.fields().handover().resumeTokenIds());
    }

    void run(Duration timeout) throws InterruptedException {
        try {
            submit();
            follow(clock.nanos() + timeout.toNanos());
        } catch (ServeException refused) {
            giveUp(refused);
        } finally {
            cancelAll();
        }
        letGo();
    }

    private void submit() {
        exchange.whenGone(this::cancelAll);
        for (int choice = 0; choice < plan.choiceCount() && !exchange.isGone(); choice++) {
            if (choices.get(choice).isFinished()) {
                usage = usage.plus(new Usage(
                        plan.promptOf(choice).tokenIds().length,
                        choices.get(choice).tokens(),
                        0));
                continue;
            }
            generations.add(submit(plan.request(choice).with(pages.ofChoice(choice)), choice));
            open++;
        }
        if (exchange.isGone()) {
            cancelAll();
        }
    }

    private Generation submit(GenerationRequest request, int choice) {
        try {
            return engine.submit(request, feed.listener(choice));
        } catch (ServeException refused) {
            if (refused.failure() == Failure.OVERLOADED) {
                metrics.rejected();
            }
            throw refused;
        }
    }

    private void follow(long deadline) throws InterruptedException {
        while (open > 0 && failure == null && !exchange.isGone()) {
            List<TokenEvent> events = feed.take(deadline - clock.nanos());
            if (events.isEmpty()) {
                throw new ServeException(
                        Failure.TIMEOUT,
                        "The answer was not complete in time; %d of %d choices were."
                                .formatted(plan.choiceCount() - open, plan.choiceCount()));
            }
            events.forEach(this::take);
            if (failure == null && open > 0) {
                answer.progress(choices);
            }
        }
        if (failure != null) {
            throw failure;
        }
        if (!exchange.isGone()) {
            answer.complete(choices, usage);
        }
    }

    private void giveUp(ServeException reason) throws InterruptedException {
        cancelAll();
        if (!exchange.isGone()) {
            answer.fail(reason);
        }
    }

    /// What was cancelled still ends, in the engine's own time.
    private void letGo() throws InterruptedException {
        long deadline = clock.nanos() + LETTING_GO.toNanos();
        while (open > 0) {
            List<TokenEvent> events = feed.take(deadline - clock.nanos());
            if (events.isEmpty()) {
                return;
            }
            events.forEach(this::take);
        }
    }

    private void take(TokenEvent event) {
        switch (event) {
            case TokenEvent.Prompt prompt ->
                choices.get(prompt.choice())
                        .acceptPrompt(plan.promptOf(prompt.choice()).tokenIds(), prompt.logprobs());
            case TokenEvent.Token token -> token(token);
            case TokenEvent.End end -> end(end.choice(), end.reason(), end.usage(), end.nanos());
            case TokenEvent.Failed failed -> failed(failed);
        }
    }

    private void token(TokenEvent.Token token) {
        ChoiceText choice = choices.get(token.choice());
        if (choice.isFinished()) {
            return;
        }
        if (lastTokenNanos[token.choice()] == NO_TOKEN_YET) {
            metrics.firstToken(seconds(token.nanos() - plan.arrivalNanos()));
        } else {
            metrics.nextToken(seconds(token.nanos() - lastTokenNanos[token.choice()]));
        }
        lastTokenNanos[token.choice()] = token.nanos();
        if (choice.accept(token.id(), token.logprobs())) {
            generations.get(token.choice()).cancel();
        }
    }

    private void end(int index, FinishReason reason, GenerationUsage used, long nanos) {
        if (ended[index]) {
            return;
        }
        ended[index] = true;
        open--;
        ChoiceText choice = choices.get(index);
        boolean stoppedByText = choice.isFinished();
        if (reason == FinishReason.ABORT && !stoppedByText && failure == null) {
            failure = new ServeException(Failure.UNAVAILABLE, "The worker shut down before the answer was complete.");
        }
        choice.end(reason);
        boolean firstOfPrompt = index % plan.fields().choices() == 0;
        usage = usage.plus(new Usage(
                firstOfPrompt ? used.promptTokens() : 0, choice.tokens(), firstOfPrompt ? used.cachedTokens() : 0));
        metrics.finished(stoppedByText ? FinishReason.STOP : reason, seconds(nanos - plan.arrivalNanos()), used);
        if (open == 0) {
            metrics.answered(choices.stream().mapToInt(ChoiceText::tokens).max().orElse(0));
        }
    }

    private void failed(TokenEvent.Failed failed) {
        if (!ended[failed.choice()]) {
            ended[failed.choice()] = true;
            open--;
            metrics.failed();
            failure = failed.failure();
        }
    }

    private void cancelAll() {
        generations.forEach(Generation::cancel);
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }
}
