package io.llmserve.bench.load;

import io.llmserve.core.Clock;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/// Hands a body's bytes to a [StreamedAnswer] with the time at which the HTTP client gave them out, before any
/// thread is woken.
final class AnswerSubscriber implements BodySubscriber<StreamedAnswer> {
    private final CompletableFuture<StreamedAnswer> body = new CompletableFuture<>();
    private final StreamedAnswer answer = new StreamedAnswer();
    private final Clock clock;

    AnswerSubscriber(Clock clock) {
        this.clock = clock;
    }

    @Override
    public CompletionStage<StreamedAnswer> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        long nanos = clock.nanos();
        for (ByteBuffer buffer : buffers) {
            answer.accept(buffer, nanos);
        }
    }

    @Override
    public void onError(Throwable failure) {
        body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        body.complete(answer);
    }
}
