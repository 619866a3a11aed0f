package io.llmserve.transfer;

import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.link.TransferFailure;
import java.util.ArrayList;
import java.util.List;

/// Keeps what it hears.
final class FakeListener implements TransferListener {
    record Choice(EngineKind engine, String reason) {}

    record Failed(Side side, TransferFailure kind, String message) {}

    private final List<Choice> choices = new ArrayList<>();
    private final List<TransferReport> reports = new ArrayList<>();
    private final List<Failed> failures = new ArrayList<>();

    @Override
    public synchronized void engineChosen(String transferId, String peer, EngineKind engine, String reason) {
        choices.add(new Choice(engine, reason));
    }

    @Override
    public synchronized void completed(Side side, TransferReport report) {
        reports.add(report);
        notifyAll();
    }

    @Override
    public synchronized void failed(Side side, TransferFailure kind, String message) {
        failures.add(new Failed(side, kind, message));
        notifyAll();
    }

    synchronized List<Choice> choices() {
        return List.copyOf(choices);
    }

    synchronized List<TransferReport> reports() {
        return List.copyOf(reports);
    }

    synchronized List<Failed> failures() {
        return List.copyOf(failures);
    }
}
