package io.llmserve.wire;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmserve.core.ServeException;
import java.nio.charset.StandardCharsets;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/// Bodies for tests, and what refusing them looks like.
final class Bodies {
    private Bodies() {}

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] chat(String more) {
        return utf8("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]" + more + "}");
    }

    static byte[] completion(String more) {
        return utf8("{\"model\":\"m\",\"prompt\":\"Hi\"" + more + "}");
    }

    static ServeException refusal(ThrowingCallable call) {
        ServeException refusal = catchThrowableOfType(ServeException.class, call);
        if (refusal == null) {
            throw new AssertionError("was accepted");
        }
        return refusal;
    }
}
