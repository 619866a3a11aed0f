package io.llmserve.worker;

import io.llmserve.core.FinishReason;
import io.llmserve.core.TokenLogprobs;
import io.llmserve.text.StopStrings;
import io.llmserve.wire.ChoicePart;
import io.llmserve.wire.Finish;
import io.llmserve.wire.Finish.StopCause;
import io.llmserve.wire.GenerationFields;
import io.llmserve.wire.Logprobs;
import io.llmserve.wire.Logprobs.Candidate;
import io.llmserve.wire.SamplingFields.StoppingFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Turns the tokens of one choice into the parts of its text: decodes them, finds stop strings, keeps what the
/// client asked for beside the text. For one thread.
final class ChoiceText {
    private final int index;
    private final Language language;
    private final GenerationFields fields;
    private final StoppingFields stopping;
    private final Set<Integer> eosTokenIds;
    private final Language.TokenText decoder;
    private final StopStrings.Matcher stops;

    private final StringBuilder text = new StringBuilder();
    private final List<Logprobs.Position> positions = new ArrayList<>();
    private int[] tokenIds = new int[16];
    private int tokenIdCount;
    private int positionsOffset;
    private int tokens;
    /// A token that may turn out to be the one that ended the choice, and then is no text.
    private int lastToken = NONE;
    private @Nullable Finish finish;
    private boolean finishTaken;
    /// An echoed text waits for its log-probabilities.
    private boolean awaitsPrompt;

    private static final int NONE = -1;

    ChoiceText(int index, Plan.Echo echo, ServedModel model, GenerationFields fields, StopStrings stopStrings) {
        this.index = index;
        this.language = model.language();
        this.eosTokenIds = model.eosTokenIds();
        this.fields = fields;
        this.stopping = fields.sampling().stopping();
        this.decoder = language.answer(fields.output().skipSpecialTokens());
        this.stops = stopStrings.matcher(stopping.includeStop());
        text.append(echo.text());
        awaitsPrompt = echo.isScored();
        positionsOffset = awaitsPrompt ? 0 : echo.text().length();
    }

    /// Takes the log-probabilities of the prompt, all but its first token's, which has none.
    void acceptPrompt(int[] prompt, List<TokenLogprobs> logprobs) {
        awaitsPrompt = false;
        positions.add(Logprobs.Position.unscored(language.bytes(prompt[0])));
        for (int i = 1; i < prompt.length; i++) {
            positions.add(position(prompt[i], logprobs.get(i - 1)));
        }
    }

    /// Takes tokens that were sent from elsewhere, and their text: what follows is decoded, stopped and counted as
    /// if they had been sent from here. An echo was sent before them.
    void resume(List<Integer> ids) {
        if (ids.isEmpty()) {
            return;
        }
        for (int id : ids) {
            accept(id, null);
            positionsOffset += new Logprobs.Position(new Candidate(language.bytes(id), 0), List.of()).textLength();
        }
        text.setLength(0);
        tokenIdCount = 0;
    }

    /// Takes the next token; true if it completed a stop string, so that no more are wanted.
    boolean accept(int id, @Nullable TokenLogprobs logprobs) {
        if (finish != null) {
            return false;
        }
        boolean stopped = flushLastToken();
        if (stopped) {
            return true;
        }
        tokens++;
        keep(id, logprobs);
        if (stopping.stopTokenIds().contains(id) || (!stopping.ignoreEos() && eosTokenIds.contains(id))) {
            lastToken = id;
            return false;
        }
        return append(decoder.push(id));
    }

    /// The engine will say no more.
    void end(FinishReason reason) {
        if (finish != null) {
            return;
        }
        boolean endedByToken = reason == FinishReason.STOP && lastToken != NONE && !stopping.includeStop();
        int id = lastToken;
        if (endedByToken) {
            lastToken = NONE;
        } else if (flushLastToken()) {
            return;
        }
        if (!append(decoder.finish())) {
            text.append(stops.finish());
            boolean own = reason == FinishReason.STOP && stopping.stopTokenIds().contains(id);
            finish = new Finish(reason, own ? new StopCause.Token(id) : new StopCause.Usual());
        }
    }

    int index() {
        return index;
    }

    boolean isFinished() {
        return finish != null;
    }

    /// Tokens taken so far.
    int tokens() {
        return tokens;
    }

    /// Whether there is anything for the client since the last part.
    boolean hasPart() {
        boolean ended = finish != null && !finishTaken;
        boolean hasIds = fields.output().returnTokenIds() && tokenIdCount > 0;
        return !awaitsPrompt && (!text.isEmpty() || ended || hasIds);
    }

    /// What came since the last part. With the last one the finish.
    ChoicePart part() {
        Logprobs logprobs = null;
        if (fields.sampling().wantsLogprobs()) {
            logprobs = new Logprobs(positions, positionsOffset);
            positions.forEach(position -> positionsOffset += position.textLength());
            positions.clear();
        }
        int[] ids = fields.output().returnTokenIds() ? Arrays.copyOf(tokenIds, tokenIdCount) : null;
        tokenIdCount = 0;
        String taken = text.toString();
        text.setLength(0);
        finishTaken = finish != null;
        return new ChoicePart(index, taken, logprobs, ids, finish);
    }

    private boolean flushLastToken() {
        if (lastToken == NONE) {
            return false;
        }
        int id = lastToken;
        lastToken = NONE;
        return append(decoder.push(id));
    }

    /// Adds text; true if it completed a stop string.
    private boolean append(String decoded) {
        if (tokens <= stopping.minTokens() && stopping.minTokens() > 0) {
            text.append(decoded);
            return false;
        }
        text.append(stops.push(decoded));
        if (stops.hit().isEmpty()) {
            return false;
        }
        finish = new Finish(FinishReason.STOP, new StopCause.Text(stops.hit().get()));
        return true;
    }

    private void keep(int id, @Nullable TokenLogprobs logprobs) {
        if (fields.output().returnTokenIds()) {
            if (tokenIdCount == tokenIds.length) {
                tokenIds = Arrays.copyOf(tokenIds, tokenIdCount * 2);
            }
            tokenIds[tokenIdCount++] = id;
        }
        if (logprobs != null && fields.sampling().wantsLogprobs()) {
            positions.add(position(id, logprobs));
        }
    }

    private Logprobs.Position position(int id, TokenLogprobs logprobs) {
        List<Candidate> top = new ArrayList<>(logprobs.topTokenIds().length);
        for (int i = 0; i < logprobs.topTokenIds().length; i++) {
            top.add(new Candidate(language.bytes(logprobs.topTokenIds()[i]), logprobs.topLogprobs()[i]));
        }
        return new Logprobs.Position(new Candidate(language.bytes(id), logprobs.chosen()), top);
    }
}
