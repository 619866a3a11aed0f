package io.llmserve.wire;

import io.llmserve.core.SamplingParameters;
import io.llmserve.core.ServeException;
import java.io.IOException;

/// Reads a [GenerateRequest].
final class GenerateRequestReader {
    private final RequestReader reader;
    private final GenerationFieldsReader generation;
    private int[] tokenIds = {};
    private int logprobs = -1;

    GenerateRequestReader(RequestReader reader) {
        this.reader = reader;
        this.generation = new GenerationFieldsReader(reader, 1);
    }

    GenerateRequest read() throws IOException {
        reader.object(this::field);
        if (tokenIds.length == 0) {
            throw ServeException.invalid("token_ids", "token_ids is required and must have at least one token id.");
        }
        return new GenerateRequest(tokenIds, generation.finishForTokens(logprobs));
    }

    private void field(String name) throws IOException {
        switch (name) {
            case "token_ids" -> tokenIds = reader.isNull() ? tokenIds : reader.tokenIds();
            case "sampling_params" -> {
                if (!reader.isNull()) {
                    reader.object(this::samplingField);
                }
            }
            case "output_mode" -> outputMode();
            default -> {
                if (!generation.claims(name)) {
                    UnsupportedFields.consume(reader, name);
                }
            }
        }
    }

    private void samplingField(String name) throws IOException {
        if (name.equals("logprobs")) {
            logprobs = reader.integer(0, SamplingParameters.MAX_LOGPROBS, -1);
        } else if (!generation.claimsSampling(name)) {
            UnsupportedFields.consume(reader, name);
        }
    }

    private void outputMode() throws IOException {
        String mode = reader.string("tokens");
        if (!mode.equals("tokens")) {
            throw reader.invalid("must be \"tokens\", got \"" + StrictJson.shortened(mode) + "\"");
        }
    }
}
