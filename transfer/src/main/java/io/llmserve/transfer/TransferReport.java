package io.llmserve.transfer;

import io.llmserve.transfer.data.EngineKind;
import java.time.Duration;

/// A finished transfer.
///
/// @param pages pages that were moved; those that the receiver had already are not counted
/// @param elapsed from the request to the last page, waiting for the prefill included
/// @param moving the part of it in which bytes moved; the sender does not know it and gives `elapsed`
public record TransferReport(
        String transferId, String peer, EngineKind engine, int pages, long bytes, Duration elapsed, Duration moving) {
    public double bytesPerSecond() {
        return bytes * 1e9 / Math.max(1, moving.toNanos());
    }
}
