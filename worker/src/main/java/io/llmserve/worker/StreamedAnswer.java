package io.llmserve.worker;

import io.llmserve.core.ServeException;
import io.llmserve.wire.ChunkWriter;
import io.llmserve.wire.ErrorBody;
import io.llmserve.wire.GenerationFields.OutputFields;
import io.llmserve.wire.Sse;
import io.llmserve.wire.Usage;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Server-sent events, one per choice and round. The status line waits for the first of them, so that what
/// fails before has a status of its own; what fails later is an event.
final class StreamedAnswer implements Answer {
    private final Exchange exchange;
    private final Plan plan;
    private final EventStream stream;
    private final ChunkWriter chunks;
    private final OutputFields output;
    private final BitSet opened = new BitSet();
    private boolean begun;

    StreamedAnswer(Exchange exchange, Plan plan, WorkerOptions options) {
        this.exchange = exchange;
        this.plan = plan;
        this.stream = new EventStream(exchange, options);
        this.chunks = new ChunkWriter(plan.head());
        this.output = plan.fields().output();
        if (!plan.fields().handover().resumeTokenIds().isEmpty()) {
            opened.set(0);
        }
    }

    @Override
    public void progress(List<ChoiceText> choices) throws InterruptedException {
        for (ChoiceText choice : choices) {
            if (choice.hasPart()) {
                sendPart(choice);
            }
        }
    }

    @Override
    public void complete(List<ChoiceText> choices, Usage usage) throws InterruptedException {
        progress(choices);
        if (output.includeUsage()) {
            send(chunks.usage(usage));
        }
        send(Sse.done());
        stream.end();
    }

    @Override
    public void fail(ServeException failure) throws InterruptedException {
        if (!begun) {
            exchange.fail(failure);
            return;
        }
        stream.send(ErrorBody.of(failure).toEvent());
        stream.send(Sse.done());
        stream.end();
    }

    private void sendPart(ChoiceText choice) throws InterruptedException {
        int index = choice.index();
        boolean first = !opened.get(index);
        opened.set(index);
        int @Nullable [] prompt =
                first && output.returnTokenIds() ? plan.promptOf(index).tokenIds() : null;
        switch (plan.head().shape()) {
            case TEXT -> send(chunks.part(choice.part(), soFar(choice), prompt));
            case TOKENS -> send(chunks.part(choice.part(), soFar(choice), null));
            case CHAT -> {
                if (first) {
                    send(chunks.opening(index, soFar(choice), prompt));
                }
                send(chunks.part(choice.part(), soFar(choice), null));
            }
        }
    }

    private @Nullable Usage soFar(ChoiceText choice) {
        return output.continuousUsage()
                ? new Usage(plan.promptOf(choice.index()).tokenIds().length, choice.tokens(), 0)
                : null;
    }

    private void send(byte[] event) throws InterruptedException {
        if (!begun) {
            begun = true;
            stream.begin();
        }
        stream.send(event);
    }
}
