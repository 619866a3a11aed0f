package io.llmserve.wire;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Log-probabilities of consecutive tokens of one choice, in either of OpenAI's shapes.
///
/// @param textOffset UTF-16 units of the choice's text before the first of the tokens
public record Logprobs(List<Position> positions, int textOffset) {
    public Logprobs {
        positions = List.copyOf(positions);
    }

    /// One place in the text: the token that was chosen, and the likeliest ones.
    public record Position(Candidate chosen, List<Candidate> top) {
        public Position {
            top = List.copyOf(top);
        }

        /// A prompt's first token: nothing comes before it that could have made it likely.
        public static Position unscored(byte[] bytes) {
            return new Position(new Candidate(bytes, Float.NaN), List.of());
        }

        boolean isScored() {
            return !Float.isNaN(chosen.logprob());
        }

        /// UTF-16 units of the chosen token, as offsets count them.
        public int textLength() {
            return chosen.token().length();
        }
    }

    /// @param bytes of the token, which alone may be no valid UTF-8
    /// @param logprob NaN where there is none
    public record Candidate(byte[] bytes, float logprob) {
        String token() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    void writeChatTo(JsonBytes json) {
        json.raw("{\"content\":[");
        for (int i = 0; i < positions.size(); i++) {
            Position position = positions.get(i);
            json.raw(i == 0 ? "{" : ",{");
            writeCandidate(json, position.chosen());
            json.raw(",\"top_logprobs\":[");
            for (int j = 0; j < position.top().size(); j++) {
                json.raw(j == 0 ? "{" : ",{");
                writeCandidate(json, position.top().get(j));
                json.raw("}");
            }
            json.raw("]}");
        }
        json.raw("]}");
    }

    void writeTextTo(JsonBytes json) {
        json.raw("{\"text_offset\":[");
        int offset = textOffset;
        for (int i = 0; i < positions.size(); i++) {
            json.raw(i == 0 ? "" : ",").number(offset);
            offset += positions.get(i).textLength();
        }
        json.raw("],\"token_logprobs\":[");
        for (int i = 0; i < positions.size(); i++) {
            json.raw(i == 0 ? "" : ",").logprob(positions.get(i).chosen().logprob());
        }
        json.raw("],\"tokens\":[");
        for (int i = 0; i < positions.size(); i++) {
            json.raw(i == 0 ? "" : ",").string(positions.get(i).chosen().token());
        }
        json.raw("],\"top_logprobs\":[");
        for (int i = 0; i < positions.size(); i++) {
            json.raw(i == 0 ? "" : ",");
            writeTop(json, positions.get(i));
        }
        json.raw("]}");
    }

    /// The chosen token is among them whatever its rank. Two tokens that read the same appear once.
    private static void writeTop(JsonBytes json, Position position) {
        if (!position.isScored()) {
            json.raw("null");
            return;
        }
        json.raw("{");
        Set<String> written = new HashSet<>();
        for (Candidate candidate : position.top()) {
            writeEntry(json, candidate, written);
        }
        writeEntry(json, position.chosen(), written);
        json.raw("}");
    }

    private static void writeEntry(JsonBytes json, Candidate candidate, Set<String> written) {
        String separator = written.isEmpty() ? "" : ",";
        if (written.add(candidate.token())) {
            json.raw(separator).string(candidate.token()).raw(":").logprob(candidate.logprob());
        }
    }

    private static void writeCandidate(JsonBytes json, Candidate candidate) {
        json.raw("\"token\":").string(candidate.token()).raw(",\"logprob\":").logprob(candidate.logprob());
        json.raw(",\"bytes\":[");
        for (int i = 0; i < candidate.bytes().length; i++) {
            json.raw(i == 0 ? "" : ",").number(candidate.bytes()[i] & 0xFF);
        }
        json.raw("]");
    }
}
