package io.llmserve.e2e;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Requests that must be refused, each with its reason. The model's context is 256 tokens.
final class BadBodies {
    /// @param status the only right answer
    record Bad(String what, String path, byte[] body, int status) {
        @Override
        public String toString() {
            return what;
        }
    }

    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";
    private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    private BadBodies() {}

    static Stream<Bad> all() {
        return Stream.of(notJson(), wrongTypes(), outOfRange(), tooLarge(), notText(), toOtherEndpoints())
                .flatMap(List::stream);
    }

    private static List<Bad> notJson() {
        return List.of(
                bad("an empty body", CHAT, ""),
                bad("half an object", CHAT, "{\"model\":\"tiny\","),
                bad("a list", CHAT, "[]"),
                bad("null", CHAT, "null"),
                bad("two objects", CHAT, chat("") + chat("")),
                bad("a key twice", CHAT, chat(",\"model\":\"tiny\"")),
                bad("single quotes", CHAT, chat("").replace('"', '\'')),
                bad("100,000 open brackets", CHAT, chat(",\"x\":" + "[".repeat(100_000))),
                bad("a number of 100,000 digits", CHAT, chat(",\"seed\":" + "9".repeat(100_000))));
    }

    private static List<Bad> wrongTypes() {
        return List.of(
                bad("no messages", CHAT, "{\"model\":\"tiny\"}"),
                bad("empty messages", CHAT, "{\"model\":\"tiny\",\"messages\":[]}"),
                bad("messages as a string", CHAT, "{\"model\":\"tiny\",\"messages\":\"hi\"}"),
                bad("a message that is a number", CHAT, "{\"model\":\"tiny\",\"messages\":[1]}"),
                bad(
                        "an unknown role",
                        CHAT,
                        "{\"model\":\"tiny\",\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}"),
                bad("a model that is a number", CHAT, "{\"model\":5," + MESSAGES + "}"),
                bad("a temperature in words", CHAT, chat(",\"temperature\":\"hot\"")),
                bad("stream as a string", CHAT, chat(",\"stream\":\"yes\"")),
                bad("max_tokens with a fraction", CHAT, chat(",\"max_tokens\":1.5")),
                bad("a prompt that is an object", COMPLETIONS, "{\"model\":\"tiny\",\"prompt\":{}}"),
                bad("token ids and text mixed", COMPLETIONS, "{\"model\":\"tiny\",\"prompt\":[1,\"x\"]}"),
                new Bad("an unknown model", CHAT, bytes("{\"model\":\"gpt-9\"," + MESSAGES + "}"), 404));
    }

    private static List<Bad> outOfRange() {
        return List.of(
                bad("max_tokens 0", CHAT, chat(",\"max_tokens\":0")),
                bad("max_tokens below 0", CHAT, chat(",\"max_tokens\":-5")),
                bad("max_tokens beyond the context", CHAT, chat(",\"max_tokens\":100000")),
                bad("max_tokens beyond an int", CHAT, chat(",\"max_tokens\":99999999999")),
                bad("temperature NaN", CHAT, chat(",\"temperature\":NaN")),
                bad("temperature below 0", CHAT, chat(",\"temperature\":-0.1")),
                bad("temperature beyond a double", CHAT, chat(",\"temperature\":1e999")),
                bad("top_p 0", CHAT, chat(",\"top_p\":0")),
                bad("n 0", CHAT, chat(",\"n\":0")),
                bad("n 1,000,000", CHAT, chat(",\"n\":1000000")),
                bad("21 log-probabilities", CHAT, chat(",\"logprobs\":true,\"top_logprobs\":21")),
                bad("1,000 stop strings", CHAT, chat(",\"stop\":[\"a\"" + ",\"b\"".repeat(999) + "]")),
                bad("a token id beyond the vocabulary", COMPLETIONS, "{\"model\":\"tiny\",\"prompt\":[320]}"),
                bad("a token id below 0", COMPLETIONS, "{\"model\":\"tiny\",\"prompt\":[-1]}"),
                bad("no token ids", COMPLETIONS, "{\"model\":\"tiny\",\"prompt\":[]}"));
    }

    private static List<Bad> tooLarge() {
        String ids =
                String.join(",", IntStream.range(0, 200_000).mapToObj(i -> "7").toList());
        return List.of(
                new Bad("a body of more than 10 MiB", CHAT, bytes(user("x".repeat(10 << 20))), 413),
                bad("a prompt of 10,000,000 characters", CHAT, user("word ".repeat(2_000_000))),
                bad("a prompt of 200,000 words", CHAT, user("blue ".repeat(200_000))),
                bad("a prompt of 200,000 token ids", COMPLETIONS, "{\"model\":\"tiny\",\"prompt\":[" + ids + "]}"),
                bad("1,000,000 messages", CHAT, "{\"model\":\"tiny\",\"messages\":[" + "1,".repeat(1_000_000) + "1]}"));
    }

    private static List<Bad> notText() {
        byte[] invalid = bytes(user("x~y"));
        for (int i = 0; i < invalid.length; i++) {
            if (invalid[i] == '~') {
                invalid[i] = (byte) 0xFF;
            }
        }
        return List.of(
                new Bad("invalid UTF-8", CHAT, invalid, 400),
                bad("an unpaired surrogate", CHAT, user("\\ud83d alone")),
                bad("a low surrogate first", CHAT, user("\\ude42\\ud83d")),
                new Bad("UTF-16", CHAT, chat("").getBytes(StandardCharsets.UTF_16), 400));
    }

    private static List<Bad> toOtherEndpoints() {
        String tiny = "{\"model\":\"tiny\",";
        return List.of(
                bad("max_tokens 0 without echo", COMPLETIONS, tiny + "\"prompt\":\"x\",\"max_tokens\":0}"),
                bad("an empty prompt", COMPLETIONS, tiny + "\"prompt\":\"\"}"),
                bad("no prompt", COMPLETIONS, "{\"model\":\"tiny\"}"),
                bad("text to tokenize as a number", "/tokenize", tiny + "\"prompt\":5}"),
                bad("an unpaired surrogate to tokenize", "/tokenize", tiny + "\"prompt\":\"\\ud83d\"}"),
                bad("half an object to tokenize", "/tokenize", tiny),
                bad("tokens as text", "/detokenize", tiny + "\"tokens\":\"x\"}"),
                bad("a token id below 0 to detokenize", "/detokenize", tiny + "\"tokens\":[-1]}"),
                bad("a token id beyond the vocabulary to detokenize", "/detokenize", tiny + "\"tokens\":[320]}"));
    }

    private static Bad bad(String what, String path, String body) {
        return new Bad(what, path, bytes(body), 400);
    }

    private static String chat(String more) {
        return "{\"model\":\"tiny\"," + MESSAGES + more + "}";
    }

    private static String user(String jsonText) {
        return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"" + jsonText + "\"}]}";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
