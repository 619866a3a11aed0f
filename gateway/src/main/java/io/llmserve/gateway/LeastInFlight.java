package io.llmserve.gateway;

import io.llmserve.wire.RequestPeek;
import java.util.List;

/// The worker with the fewest requests of ours; among equals, each in its turn.
public final class LeastInFlight implements Picker {
    private int turn;

    @Override
    public Decision pick(RequestPeek peek, List<EndpointState> candidates) {
        int count = candidates.size();
        int first = Math.floorMod(turn, count);
        int best = first;
        for (int step = 1; step < count; step++) {
            int at = (first + step) % count;
            if (candidates.get(at).inFlight() < candidates.get(best).inFlight()) {
                best = at;
            }
        }
        turn = best + 1;
        return new Decision.Serve(candidates.get(best).endpoint());
    }
}
