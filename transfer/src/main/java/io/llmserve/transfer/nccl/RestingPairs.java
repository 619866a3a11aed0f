package io.llmserve.transfer.nccl;

import io.llmserve.transfer.link.Deadline;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Optional;

/// Pairs between two transfers, under a name; each is closed when it has rested too long, which is seen when
/// the next one comes or goes: to make a pair takes NCCL longer than to use it.
final class RestingPairs {
    /// Each has a buffer on the GPU.
    private static final int MOST = 16;

    private final Duration rest;
    private final ArrayDeque<Resting> resting = new ArrayDeque<>();

    private record Resting(ByteBuffer name, NcclPair pair, Deadline until) {}

    RestingPairs(Duration rest) {
        this.rest = rest;
    }

    synchronized Optional<NcclPair> take(ByteBuffer name) {
        sweep(MOST);
        for (Iterator<Resting> each = resting.descendingIterator(); each.hasNext(); ) {
            Resting candidate = each.next();
            if (candidate.name().equals(name)) {
                each.remove();
                return Optional.of(candidate.pair());
            }
        }
        return Optional.empty();
    }

    synchronized void put(ByteBuffer name, NcclPair pair) {
        resting.addLast(new Resting(name, pair, Deadline.after(rest)));
        sweep(MOST);
    }

    synchronized void closeAll() {
        sweep(0);
    }

    private void sweep(int most) {
        while (resting.size() > most
                || (!resting.isEmpty() && resting.getFirst().until().passed())) {
            resting.removeFirst().pair().close();
        }
    }
}
