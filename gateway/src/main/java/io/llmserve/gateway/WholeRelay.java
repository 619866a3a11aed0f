package io.llmserve.gateway;

import io.llmserve.core.ServeException;
import io.llmserve.wire.AnswerUsage;
import io.vertx.core.buffer.Buffer;

/// Passes on an answer that is one document: in one piece, so that a worker that dies in the middle of it costs
/// nothing but time. Only what is larger than the buffer is passed on as it comes; of such an answer, a failure
/// is told by closing the connection.
final class WholeRelay implements Relay {
    private static final int BUFFER_BYTES = 1 << 20;
    /// The usage is among the last fields.
    private static final int USAGE_BYTES = 4 << 10;

    private final ClientAnswer answer;
    private final Runnable abandon;
    private final Pieces collected = new Pieces();
    private long generated;

    /// `abandon` closes the client's connection.
    WholeRelay(ClientAnswer answer, Runnable abandon) {
        this.answer = answer;
        this.abandon = abandon;
    }

    @Override
    public void chunk(Buffer chunk) {
        if (answer.begun()) {
            answer.write(chunk);
            return;
        }
        collected.add(chunk);
        if (collected.length() > BUFFER_BYTES) {
            answer.write(collected.all());
            collected.clear();
        }
    }

    @Override
    public boolean ended() {
        Buffer all = collected.all();
        byte[] tail = all.getBytes(Math.max(0, all.length() - USAGE_BYTES), all.length());
        generated = AnswerUsage.completionTokens(tail).orElse(0);
        answer.end(all);
        return true;
    }

    @Override
    public boolean overfull() {
        return false;
    }

    @Override
    public boolean begun() {
        return answer.begun();
    }

    @Override
    public long sentBytes() {
        return answer.sentBytes();
    }

    /// Known at the end, and only of an answer that was not larger than the buffer.
    @Override
    public long generatedTokens() {
        return generated;
    }

    @Override
    public void breakOff(ServeException failure) {
        abandon.run();
    }
}
