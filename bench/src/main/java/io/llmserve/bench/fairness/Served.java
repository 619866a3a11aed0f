package io.llmserve.bench.fairness;

import io.llmserve.admission.share.Tokens;
import io.llmserve.admission.share.Turn;

/// A request at the worker. Mutable; owned by the simulation. Times in seconds.
final class Served {
    final Traffic.Arrival arrival;
    final Turn turn;
    int promptLeft;
    int answered;
    double firstToken = Double.NaN;
    double end = Double.NaN;

    Served(Traffic.Arrival arrival, Turn turn) {
        this.arrival = arrival;
        this.turn = turn;
        this.promptLeft = arrival.promptTokens();
    }

    boolean isComplete() {
        return answered == arrival.answerTokens();
    }

    void tokenAt(double now) {
        if (answered++ == 0) {
            firstToken = now;
        }
        if (isComplete()) {
            end = now;
        }
    }

    Tokens received() {
        return new Tokens(arrival.promptTokens() - promptLeft, answered);
    }

    double waited() {
        return firstToken - arrival.seconds();
    }
}
