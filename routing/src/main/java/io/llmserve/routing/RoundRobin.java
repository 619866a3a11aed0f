package io.llmserve.routing;

import java.util.List;

/// Each in its turn, whatever it has to do.
public final class RoundRobin implements Picker {
    private int turn;

    @Override
    public Endpoint pick(List<Endpoint> candidates) {
        return candidates.get(Math.floorMod(turn++, candidates.size()));
    }
}
