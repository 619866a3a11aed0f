package io.llmserve.routing;

import java.util.List;

/// The worker with the fewest requests of ours; among equals, each in its turn.
public final class LeastInFlight implements Picker {
    private int turn;

    @Override
    public Endpoint pick(List<Endpoint> candidates) {
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
        return candidates.get(best);
    }
}
