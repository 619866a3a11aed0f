package io.llmserve.bench.kv;

import io.llmserve.core.BlockHasher;
import io.llmserve.core.KvEvent;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The same index as others build it: a tree with a node per block that knows its children by their content's
/// hash and the workers that have it, and for each worker a map from the engine's names to nodes. What it
/// leaves out (media, copies, limits) makes it no slower.
final class PrefixTree {
    private final Node root = new Node();
    private final List<Map<Long, Node>> names = new ArrayList<>();

    private static final class Node {
        final Map<Long, Node> children = new HashMap<>(2);
        final BitSet workers = new BitSet();
    }

    void stored(int worker, KvEvent.Stored event) {
        while (names.size() <= worker) {
            names.add(new HashMap<>());
        }
        Map<Long, Node> own = names.get(worker);
        Node node = event.parent().isEmpty()
                ? root
                : own.getOrDefault(event.parent().getAsLong(), root);
        BlockHasher hasher = new BlockHasher(event.blockTokens());
        for (int block = 0; block < event.names().length; block++) {
            long content = hasher.key(0, event.tokens(), block * event.blockTokens());
            node = node.children.computeIfAbsent(content, unknown -> new Node());
            node.workers.set(worker);
            own.put(event.names()[block], node);
        }
    }

    /// Blocks that each worker has.
    int[] match(int[] tokens, int blockTokens) {
        int[] blocks = new int[names.size()];
        BlockHasher hasher = new BlockHasher(blockTokens);
        Node node = root;
        BitSet alive = new BitSet();
        alive.set(0, names.size());
        for (int block = 0; (block + 1) * blockTokens <= tokens.length && !alive.isEmpty(); block++) {
            Node child = node.children.get(hasher.key(0, tokens, block * blockTokens));
            if (child == null) {
                break;
            }
            alive.and(child.workers);
            for (int worker = alive.nextSetBit(0); worker >= 0; worker = alive.nextSetBit(worker + 1)) {
                blocks[worker]++;
            }
            node = child;
        }
        return blocks;
    }
}
