package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.KvEvent;
import io.llmserve.core.KvEventBatch;
import io.llmserve.routing.kv.EventOrder;
import io.llmserve.routing.kv.FollowedWorker;
import io.llmserve.routing.kv.HitAudit;
import io.llmserve.routing.kv.KvIndex;
import io.llmserve.routing.kv.KvIndexLimits;
import io.llmserve.routing.kv.KvWorkerOptions;
import io.llmserve.routing.kv.PrefixKeys;
import io.llmserve.routing.kv.PrefixMatch;
import io.llmserve.testkit.CapturedKvEvents;
import io.llmserve.testkit.CapturedKvEvents.Message;
import io.llmserve.wire.KvEventReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// From the bytes of a real vLLM to what the index says of it.
final class VllmKvEventsTest {
    private final KvIndex index = new KvIndex(KvIndexLimits.STANDARD);
    private final FollowedWorker worker = new FollowedWorker(
            index, KvWorkerOptions.events("smollm2"), EventOrder.Options.STANDARD, HitAudit.Options.STANDARD);
    /// By vLLM's name of its last block: every prefix that was ever stored, and those that are there now.
    private final Map<Long, int[]> prefixes = new HashMap<>();
    private final Set<Long> present = new HashSet<>();

    @Test
    void theIndexKnowsAfterEachBatchWhatVllmHas() {
        List<Integer> longest = new ArrayList<>();
        for (Message message : CapturedKvEvents.messages()) {
            KvEventBatch batch = KvEventReader.read(message.sequence(), message.payload());
            assertThat(worker.live(batch, 0)).as("a gap").isEmpty();
            batch.events().forEach(this::remember);
            int most = 0;
            for (Map.Entry<Long, int[]> prefix : prefixes.entrySet()) {
                int claimed = claimed(prefix.getValue());
                assertThat(claimed == prefix.getValue().length).isEqualTo(present.contains(prefix.getKey()));
                most = Math.max(most, claimed);
            }
            longest.add(most);
        }
        assertThat(longest).startsWith(192, 224, 192, 224, 224, 192).endsWith(1504, 0, 32);
        assertThat(index.figures().orphaned()).isZero();
    }

    private int claimed(int[] prompt) {
        PrefixMatch match = new PrefixMatch();
        index.match(new PrefixKeys(PrefixKeys.origin("smollm2", "", ""), prompt), match);
        return match.tokens(worker.number());
    }

    private void remember(KvEvent event) {
        switch (event) {
            case KvEvent.Cleared all -> present.clear();
            case KvEvent.Removed removed -> Arrays.stream(removed.names()).forEach(present::remove);
            case KvEvent.Stored stored -> {
                int[] prefix = stored.parent().isEmpty()
                        ? new int[0]
                        : prefixes.getOrDefault(stored.parent().getAsLong(), new int[0]);
                for (int block = 0; block < stored.names().length; block++) {
                    int from = block * stored.blockTokens();
                    prefix = IntStream.concat(
                                    Arrays.stream(prefix),
                                    Arrays.stream(stored.tokens(), from, from + stored.blockTokens()))
                            .toArray();
                    prefixes.put(stored.names()[block], prefix);
                    present.add(stored.names()[block]);
                }
            }
        }
    }
}
