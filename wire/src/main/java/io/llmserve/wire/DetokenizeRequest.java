package io.llmserve.wire;

import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.Optional;

/// The body of `POST /detokenize`.
public record DetokenizeRequest(Optional<String> model, int[] tokens) {
    /// Throws INVALID_REQUEST with the path of the first field that is wrong.
    public static DetokenizeRequest parse(byte[] body) {
        return RequestReader.read(body, DetokenizeRequest::read);
    }

    private static DetokenizeRequest read(RequestReader reader) throws IOException {
        String[] model = {""};
        int[][] tokens = new int[1][];
        reader.object(name -> {
            switch (name) {
                case "model" -> model[0] = reader.string("");
                case "tokens" -> tokens[0] = reader.tokenIds();
                default -> reader.skip();
            }
        });
        if (tokens[0] == null) {
            throw ServeException.invalid("tokens", "tokens is required.");
        }
        return new DetokenizeRequest(model[0].isEmpty() ? Optional.empty() : Optional.of(model[0]), tokens[0]);
    }
}
