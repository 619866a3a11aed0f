package io.llmserve.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import io.llmserve.core.FinishReason;
import io.llmserve.core.ServeException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Requests that vLLM took are taken; answers say what vLLM's say.
class VllmGoldenTest {
    private static final int[] PROMPT = {
        1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712, 8182, 2,
        198, 1, 4093, 198, 5820, 253, 7302, 30, 2, 198, 1, 520, 9531, 198
    };

    @Test
    void takesTheRequestsThatVllmTook() {
        CompletionRequest completion = CompletionRequest.parse(Goldens.bytes("vllm-completion-request.json"));
        assertThat(((Prompt.Tokens) completion.prompts().getFirst()).ids()).isEqualTo(PROMPT);
        assertThat(completion.generation().output().returnTokenIds()).isTrue();
        assertThat(CompletionRequest.parse(Goldens.bytes("vllm-priority-request.json"))
                        .generation()
                        .identity()
                        .priority())
                .isEqualTo(-5);
        assertThat(TokenizeRequest.parse(Goldens.bytes("vllm-tokenize-request.json"))
                        .returnTokenStrings())
                .isTrue();
        assertThat(TokenizeRequest.parse(Goldens.bytes("vllm-tokenize-chat-request.json"))
                        .input())
                .isInstanceOf(TokenizeRequest.Input.Conversation.class);
        assertThat(DetokenizeRequest.parse(Goldens.bytes("vllm-detokenize-request.json"))
                        .tokens())
                .isEqualTo(PROMPT);
    }

    @Test
    void writesACompletionAsVllmDoes() {
        AnswerHead head =
                new AnswerHead(AnswerShape.TEXT, "cmpl-my-req-1", 1795266525L, "smollm2", "vllm-0.32.0-1aa65813");
        ChoicePart choice = new ChoicePart(
                0,
                "The colour is a rare and",
                null,
                new int[] {504, 7302, 314, 253, 3861, 284},
                Finish.usual(FinishReason.LENGTH));
        byte[] ours = AnswerWriter.write(head, List.of(choice), new Usage(34, 6, 0), List.of(PROMPT), Optional.empty());
        Goldens.assertWithin(Goldens.json(ours), Goldens.json("vllm-completion-answer.json"), "");
    }

    @Test
    void writesAChatAnswerAsVllmDoes() {
        AnswerHead head = new AnswerHead(
                AnswerShape.CHAT, "chatcmpl-adaf6711e93dd5ec", 1795266530L, "smollm2", "vllm-0.32.0-1aa65813");
        ChoicePart choice =
                new ChoicePart(0, "{\n  \"age\"\n\n:\n\n-1\n\n}", null, null, Finish.usual(FinishReason.STOP));
        byte[] ours = AnswerWriter.write(head, List.of(choice), new Usage(34, 17, 0));
        Goldens.assertWithin(Goldens.json(ours), Goldens.json("vllm-chat-answer.json"), "");
    }

    @Test
    void streamsAChatAsVllmDoes() {
        List<SseEvent> theirs = new ArrayList<>();
        new SseParser(1 << 20, theirs::add).feed(Goldens.bytes("vllm-chat-stream.txt"));
        List<SseEvent> ours = new ArrayList<>();
        SseParser parser = new SseParser(1 << 20, ours::add);
        chatStream().forEach(parser::feed);

        assertThat(parser.isWithinEvent()).isFalse();
        assertThat(ours).hasSameSizeAs(theirs);
        assertThat(ours.getLast().isDone()).isTrue();
        IntStream.range(0, ours.size() - 1).forEach(i -> {
            var chunk = Goldens.json(ours.get(i).data().getBytes(StandardCharsets.UTF_8));
            Goldens.assertWithin(
                    chunk, Goldens.json(theirs.get(i).data().getBytes(StandardCharsets.UTF_8)), "chunk " + i);
        });
    }

    private static List<byte[]> chatStream() {
        ChunkWriter writer = new ChunkWriter(
                new AnswerHead(AnswerShape.CHAT, "chatcmpl-my-req-3", 1795266530L, "smollm2", "vllm-0.32.0-1aa65813"));
        String[] texts = {"The", " colour", " is", " a"};
        int[] ids = {504, 7302, 314, 253};
        List<byte[]> events = new ArrayList<>();
        events.add(writer.opening(0, null, PROMPT));
        for (int i = 0; i < texts.length; i++) {
            Finish finish = i == texts.length - 1 ? Finish.usual(FinishReason.LENGTH) : null;
            events.add(writer.part(new ChoicePart(0, texts[i], null, new int[] {ids[i]}, finish), null, null));
        }
        events.add(writer.usage(new Usage(34, 4, 32)));
        events.add(Sse.done());
        return events;
    }

    @Test
    void answersTokenizeAsVllmDoes() {
        byte[] tokenized =
                new TokenizeAnswer(new int[] {19556, 905}, 4096, Optional.of(List.of("Hello", "Ġworld"))).toJson();
        assertThat(Goldens.json(tokenized)).isEqualTo(Goldens.json("vllm-tokenize-answer.json"));
        var theirs = Goldens.json("vllm-detokenize-answer.json");
        assertThat(Goldens.json(TokenizeAnswer.detokenized(theirs.get("prompt").textValue())))
                .isEqualTo(theirs);
    }

    @Test
    void refusesAnUnknownModelAsVllmDoes() {
        ServeException unknown = new ServeException(
                        Failure.NOT_FOUND, "The model `lora-a` does not exist. Valid aliases: smollm2.")
                .at("model");
        assertThat(Goldens.json(ErrorBody.of(unknown).toJson())).isEqualTo(Goldens.json("vllm-unknown-model.json"));
    }

    @Test
    void listsModelsAsVllmDoesAndReadsItsList() {
        ModelCard card = new ModelCard("smollm2", 1795266522L, "vllm", "models/smollm2", null, OptionalInt.of(4096));
        Goldens.assertWithin(Goldens.json(ModelCard.list(List.of(card))), Goldens.json("vllm-models.json"), "");
        assertThat(ModelCard.parse(Goldens.bytes("vllm-models.json"))).containsExactly(card);
        assertThat(ModelCard.parse(ModelCard.list(List.of(card, card)))).containsExactly(card, card);
    }

    @Test
    void refusesTheSchemaThatOnlyVllmCanHonour() {
        assertThat(Bodies.refusal(() -> ChatRequest.parse(Goldens.bytes("vllm-chat-schema-request.json")))
                        .parameter())
                .isEqualTo("response_format");
    }
}
