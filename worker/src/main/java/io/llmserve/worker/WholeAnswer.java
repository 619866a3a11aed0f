package io.llmserve.worker;

import io.llmserve.core.ServeException;
import io.llmserve.wire.AnswerWriter;
import io.llmserve.wire.Usage;
import java.util.List;

/// One JSON body, when all is done.
final class WholeAnswer implements Answer {
    private final Exchange exchange;
    private final Plan plan;
    private final PageHandover pages;

    WholeAnswer(Exchange exchange, Plan plan, PageHandover pages) {
        this.exchange = exchange;
        this.plan = plan;
        this.pages = pages;
    }

    @Override
    public void progress(List<ChoiceText> choices) {
        // Nothing is said before all is done.
    }

    @Override
    public void complete(List<ChoiceText> choices, Usage usage) {
        List<int[]> prompts = plan.fields().output().returnTokenIds()
                ? plan.prompts().stream().map(Plan.PlannedPrompt::tokenIds).toList()
                : List.of();
        exchange.ok(AnswerWriter.write(plan.head(), Answer.parts(choices), usage, prompts, pages.told(usage)));
    }

    @Override
    public void fail(ServeException failure) {
        exchange.fail(failure);
    }
}
