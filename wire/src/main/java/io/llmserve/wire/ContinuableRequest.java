package io.llmserve.wire;

import io.llmserve.core.SamplingParameters.Penalties;
import io.llmserve.core.ServeException;
import io.llmserve.wire.SamplingFields.StoppingFields;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/// A request whose stream an engine can go on with that is told nothing but tokens, such as vLLM: those of the prompt,
/// and
/// the first ones of the answer behind them. So it may ask for nothing that depends on more of what was generated
/// before:
/// no penalties of the answer's own tokens, no log-probabilities, no grammar, no tools, one choice.
///
/// @param shape of the answer that the client gets
/// @param greedy the same tokens come out wherever they are generated
/// @param longestStop characters of the longest stop string; 0 where there are none
/// @param showsStop the stop string stays in the text
/// @param maxTokens of the whole answer; empty where only the context ends it
public record ContinuableRequest(
        AnswerShape shape, boolean greedy, int longestStop, boolean showsStop, OptionalInt maxTokens, int minTokens) {
    /// What a text completion has in common with a chat, and what does not depend on where the prompt ends.
    private static final Set<String> KEPT = Set.of(
            "model",
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "seed",
            "stop",
            "stop_token_ids",
            "ignore_eos",
            "repetition_penalty",
            "logit_bias",
            "skip_special_tokens",
            "include_stop_str_in_output",
            "user",
            "cache_salt",
            "priority",
            "request_id",
            "stream",
            "stream_options");

    /// Empty where the request is none of these, by what our own readers know of it.
    public static Optional<ContinuableRequest> of(AnswerShape shape, byte[] body) {
        try {
            return switch (shape) {
                case CHAT -> of(shape, ChatRequest.parse(body).generation(), OptionalInt.empty());
                case TEXT -> ofText(CompletionRequest.parse(body));
                case TOKENS ->
                    of(
                            shape,
                            GenerateRequest.parse(body).generation(),
                            OptionalInt.of(GenerateRequest.DEFAULT_MAX_TOKENS));
            };
        } catch (ServeException unknownHere) {
            return Optional.empty();
        }
    }

    private static Optional<ContinuableRequest> ofText(CompletionRequest request) {
        return request.echo() || request.prompts().size() > 1
                ? Optional.empty()
                : of(AnswerShape.TEXT, request.generation(), OptionalInt.of(CompletionRequest.DEFAULT_MAX_TOKENS));
    }

    private static Optional<ContinuableRequest> of(AnswerShape shape, GenerationFields fields, OptionalInt usual) {
        SamplingFields sampling = fields.sampling();
        StoppingFields stopping = sampling.stopping();
        Penalties penalties = sampling.penalties();
        if (fields.choices() > 1
                || sampling.wantsLogprobs()
                || penalties.presence() != 0
                || penalties.frequency() != 0) {
            return Optional.empty();
        }
        return Optional.of(new ContinuableRequest(
                shape,
                sampling.truncation().temperature() == 0,
                longest(stopping.stop()),
                stopping.includeStop(),
                stopping.maxTokens().isPresent() ? stopping.maxTokens() : usual,
                stopping.minTokens()));
    }

    private static int longest(List<String> stops) {
        return stops.stream()
                .mapToInt(stop -> stop.codePointCount(0, stop.length()))
                .max()
                .orElse(0);
    }

    /// Characters that vLLM holds back while a stop string might begin in them.
    public int heldBack() {
        return showsStop ? 0 : seam();
    }

    /// Characters of which a stop string may have begun before them, and end behind them.
    public int seam() {
        return Math.max(0, longestStop - 1);
    }

    /// The request for what follows: of tokens for [AnswerShape#TOKENS], else of text, also where the client chats.
    ///
    /// @param body of the request, as another worker got it
    /// @param limit tokens of the whole answer; not left out, as text completions end after 16 then
    public byte[] following(byte[] body, int[] prompt, int[] answer, int limit) {
        int[] tokens =
                IntStream.concat(IntStream.of(prompt), IntStream.of(answer)).toArray();
        List<JsonMember> members = JsonMember.all(body);
        if (shape == AnswerShape.TOKENS) {
            byte[] sampling = JsonMember.value(body, members, "sampling_params").orElse(new byte[] {'{', '}'});
            return new FieldEdits()
                    .set("token_ids", tokens)
                    .set("sampling_params", limits(limit, answer.length).applyTo(sampling))
                    .applyTo(body, members);
        }
        FieldEdits edits = limits(limit, answer.length);
        members.stream()
                .map(JsonMember::name)
                .filter(name -> !KEPT.contains(name))
                .forEach(name -> {
                    if (!name.equals("max_tokens") && !name.equals("min_tokens")) {
                        edits.remove(name);
                    }
                });
        return edits.set("prompt", tokens).set("return_token_ids", "true").applyTo(body, members);
    }

    private FieldEdits limits(int limit, int generated) {
        return new FieldEdits()
                .set("max_tokens", Integer.toString(limit - generated))
                .set("min_tokens", Integer.toString(Math.max(0, minTokens - generated)));
    }
}
