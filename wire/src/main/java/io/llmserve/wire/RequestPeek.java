package io.llmserve.wire;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/// What a router wants to know of a request before it forwards the bytes as they are. Only these fields are
/// checked; the worker checks the rest. The body is scanned to its end, so that no key can appear twice with
/// two meanings.
///
/// @param maxTokens `max_completion_tokens`, or else `max_tokens`
/// @param includeUsage `stream_options.include_usage`
/// @param echo `echo`: the prompt itself may have to be scored
/// @param tokenIds `return_token_ids`, where false is EMPTY
/// @param seed `seed`
/// @param cacheSalt `cache_salt`
public record RequestPeek(
        Optional<String> model,
        boolean stream,
        boolean includeUsage,
        OptionalInt maxTokens,
        int choices,
        boolean echo,
        Named tokenIds,
        Named seed,
        Named cacheSalt) {

    /// Of a body without fields.
    public static final RequestPeek NOTHING = new RequestPeek(
            Optional.empty(), false, false, OptionalInt.empty(), 1, false, Named.ABSENT, Named.ABSENT, Named.ABSENT);

    /// What became of a field: there is none, it is there but asks for nothing, or it has a value.
    public enum Named {
        ABSENT,
        EMPTY,
        GIVEN
    }

    /// Throws INVALID_REQUEST where the body is not a JSON object or one of the fields has a wrong type.
    public static RequestPeek of(byte[] body) {
        return RequestReader.read(body, reader -> new Fields(reader, false).read());
    }

    /// The same of a request for tokens ([GenerateRequest]), which keeps some of the fields in `sampling_params`. It is
    /// always answered with token ids.
    public static RequestPeek ofTokens(byte[] body) {
        return RequestReader.read(body, reader -> new Fields(reader, true).read());
    }

    private static final class Fields {
        private final RequestReader reader;
        private final boolean tokens;
        private String model = "";
        private boolean stream;
        private boolean includeUsage;
        private int maxTokens = -1;
        private int maxCompletionTokens = -1;
        private int choices = 1;
        private boolean echo;
        private Named tokenIds = Named.ABSENT;
        private Named seed = Named.ABSENT;
        private Named cacheSalt = Named.ABSENT;

        Fields(RequestReader reader, boolean tokens) {
            this.reader = reader;
            this.tokens = tokens;
        }

        RequestPeek read() throws IOException {
            reader.object(this::field);
            int limit = maxCompletionTokens >= 0 ? maxCompletionTokens : maxTokens;
            return new RequestPeek(
                    model.isEmpty() ? Optional.empty() : Optional.of(model),
                    stream,
                    includeUsage,
                    limit >= 0 ? OptionalInt.of(limit) : OptionalInt.empty(),
                    choices,
                    echo,
                    tokens ? Named.GIVEN : tokenIds,
                    seed,
                    cacheSalt);
        }

        private void field(String name) throws IOException {
            switch (name) {
                case "model" -> model = reader.string("");
                case "stream" -> stream = reader.flag(false);
                case "echo" -> echo = reader.flag(false);
                case "stream_options" -> streamOptions();
                case "return_token_ids" -> tokenIds = reader.flag(false) ? Named.GIVEN : Named.EMPTY;
                case "cache_salt" -> cacheSalt = named();
                case "kv_transfer_params", "resume_token_ids" -> refuse();
                default -> {
                    if (!tokens) {
                        samplingField(name);
                    } else if (name.equals("sampling_params") && !reader.isNull()) {
                        reader.object(this::samplingField);
                    } else {
                        reader.skip();
                    }
                }
            }
        }

        private void samplingField(String name) throws IOException {
            switch (name) {
                case "max_tokens" -> maxTokens = reader.integer(0, Integer.MAX_VALUE, -1);
                case "max_completion_tokens" -> maxCompletionTokens = reader.integer(0, Integer.MAX_VALUE, -1);
                case "n" -> choices = reader.integer(1, RequestLimits.MAX_CHOICES, 1);
                case "seed" -> seed = named();
                default -> reader.skip();
            }
        }

        private Named named() throws IOException {
            Named found = reader.isNull() ? Named.EMPTY : Named.GIVEN;
            reader.skip();
            return found;
        }

        /// These name other workers, and tokens that they made: routers say them, not clients.
        private void refuse() throws IOException {
            if (!reader.isNull()) {
                throw reader.invalid("is set between workers only; leave it out");
            }
        }

        private void streamOptions() throws IOException {
            if (reader.isNull()) {
                return;
            }
            reader.object(name -> {
                if (name.equals("include_usage")) {
                    includeUsage = reader.flag(false);
                } else {
                    reader.skip();
                }
            });
        }
    }
}
