package io.llmserve.text;

import java.util.Arrays;
import java.util.List;

/// The prefixes of a set of words, as numbered nodes; 0 is the empty prefix. Edges lie in one open-addressing table
/// of primitives, so that a step costs one probe whatever the number of words.
final class CharTrie {
    static final int ROOT = 0;
    static final int NONE = -1;
    private int nodes = 1;
    private long[] edges = new long[64];
    private int[] targets = new int[64];
    /// By node: the index of the word that ends there, or [#NONE].
    private int[] words = {NONE};
    private int[] depths = {0};
    private int[] parents = {NONE};
    private char[] labels = {0};

    CharTrie(List<String> list) {
        for (int index = 0; index < list.size(); index++) {
            add(list.get(index), index);
        }
    }

    int size() {
        return nodes;
    }

    /// The child of `node` along `label`, or [#NONE].
    int child(int node, char label) {
        long edge = edge(node, label);
        for (int slot = slot(edge, edges.length); edges[slot] != 0; slot = (slot + 1) & (edges.length - 1)) {
            if (edges[slot] == edge) {
                return targets[slot];
            }
        }
        return NONE;
    }

    int word(int node) {
        return words[node];
    }

    int depth(int node) {
        return depths[node];
    }

    int parent(int node) {
        return parents[node];
    }

    /// The character on the edge from the parent to `node`.
    char label(int node) {
        return labels[node];
    }

    /// The first of equal words keeps its index.
    private void add(String word, int index) {
        int node = ROOT;
        for (int i = 0; i < word.length(); i++) {
            int next = child(node, word.charAt(i));
            node = next == NONE ? grow(node, word.charAt(i)) : next;
        }
        if (words[node] == NONE) {
            words[node] = index;
        }
    }

    private int grow(int parent, char label) {
        if (nodes == words.length) {
            int capacity = nodes * 2;
            words = Arrays.copyOf(words, capacity);
            depths = Arrays.copyOf(depths, capacity);
            parents = Arrays.copyOf(parents, capacity);
            labels = Arrays.copyOf(labels, capacity);
        }
        if (nodes * 2 > edges.length) {
            rehash();
        }
        words[nodes] = NONE;
        depths[nodes] = depths[parent] + 1;
        parents[nodes] = parent;
        labels[nodes] = label;
        put(edge(parent, label), nodes);
        return nodes++;
    }

    private void rehash() {
        long[] oldEdges = edges;
        int[] oldTargets = targets;
        edges = new long[oldEdges.length * 2];
        targets = new int[oldTargets.length * 2];
        for (int slot = 0; slot < oldEdges.length; slot++) {
            if (oldEdges[slot] != 0) {
                put(oldEdges[slot], oldTargets[slot]);
            }
        }
    }

    private void put(long edge, int target) {
        int slot = slot(edge, edges.length);
        while (edges[slot] != 0) {
            slot = (slot + 1) & (edges.length - 1);
        }
        edges[slot] = edge;
        targets[slot] = target;
    }

    /// Never 0, which marks a free slot.
    private static long edge(int node, char label) {
        return (node + 1L) << 16 | label;
    }

    private static int slot(long edge, int capacity) {
        return (int) ((edge * 0x9E3779B97F4A7C15L) >>> 40) & (capacity - 1);
    }
}
