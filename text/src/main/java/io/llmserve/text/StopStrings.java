package io.llmserve.text;

import io.llmserve.core.ServeException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Strings that end a generation, found in text that comes in parts (Aho-Corasick: the cost of a character does not
/// grow with the number of strings). Immutable and shared; [#matcher] makes the state of one stream.
public final class StopStrings {
    private static final int MAXIMUM_CHARACTERS = 1 << 20;
    private final List<String> strings;
    private final CharTrie trie;
    /// By node: the longest proper suffix that is a node too.
    private final int[] fallbacks;
    /// By node: the longest stop string that ends there, or [CharTrie#NONE].
    private final int[] hits;

    private StopStrings(List<String> strings) {
        this.strings = strings;
        trie = new CharTrie(strings);
        fallbacks = new int[trie.size()];
        hits = new int[trie.size()];
        link();
    }

    /// Refuses an empty string, which would end every text at once.
    public static StopStrings of(List<String> strings) {
        long characters = 0;
        for (String string : strings) {
            if (string.isEmpty()) {
                throw ServeException.invalid("stop", "A stop string must not be empty.");
            }
            characters += string.length();
        }
        if (characters > MAXIMUM_CHARACTERS) {
            throw ServeException.invalid(
                    "stop",
                    "The stop strings have %d characters together; at most %d are allowed."
                            .formatted(characters, MAXIMUM_CHARACTERS));
        }
        return new StopStrings(List.copyOf(strings));
    }

    /// @param includeStop whether the stop string itself is part of the text
    public Matcher matcher(boolean includeStop) {
        return new Matcher(includeStop);
    }

    /// Parents first, so that what a node falls back to is known before the node.
    private void link() {
        hits[CharTrie.ROOT] = CharTrie.NONE;
        for (int node : nodesByDepth()) {
            int parent = trie.parent(node);
            fallbacks[node] = parent == CharTrie.ROOT ? CharTrie.ROOT : step(fallbacks[parent], trie.label(node));
            hits[node] = trie.word(node) == CharTrie.NONE ? hits[fallbacks[node]] : trie.word(node);
        }
    }

    private int[] nodesByDepth() {
        long[] keys = new long[trie.size() - 1];
        for (int node = 1; node < trie.size(); node++) {
            keys[node - 1] = (long) trie.depth(node) << 32 | node;
        }
        Arrays.sort(keys);
        return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
    }

    private int step(int node, char label) {
        int from = node;
        int next = trie.child(from, label);
        while (next == CharTrie.NONE && from != CharTrie.ROOT) {
            from = fallbacks[from];
            next = trie.child(from, label);
        }
        return next == CharTrie.NONE ? CharTrie.ROOT : next;
    }

    /// The state of one stream; for one thread. The hit is the stop string that is complete first, and of those
    /// that end at the same place the longest.
    public final class Matcher {
        private final boolean includeStop;
        private final StringBuilder held = new StringBuilder();
        private int node = CharTrie.ROOT;
        private int hit = CharTrie.NONE;

        private Matcher(boolean includeStop) {
            this.includeStop = includeStop;
        }

        /// The text that cannot be part of a stop string any more. Empty once a stop string was hit.
        public String push(String text) {
            if (hit != CharTrie.NONE || text.isEmpty()) {
                return "";
            }
            if (strings.isEmpty()) {
                return text;
            }
            for (int i = 0; i < text.length(); i++) {
                node = step(node, text.charAt(i));
                if (hits[node] != CharTrie.NONE) {
                    hit = hits[node];
                    held.append(text, 0, i + 1);
                    return take(includeStop ? 0 : strings.get(hit).length());
                }
            }
            held.append(text);
            return take(trie.depth(node));
        }

        /// The stop string that ended the text, if one did.
        public Optional<String> hit() {
            return hit == CharTrie.NONE ? Optional.empty() : Optional.of(strings.get(hit));
        }

        /// The text ended for another reason: what was held back is text after all.
        public String finish() {
            if (hit != CharTrie.NONE) {
                return "";
            }
            node = CharTrie.ROOT;
            return take(0);
        }

        private String take(int keep) {
            int end = held.length() - keep;
            if (end == 0) {
                return "";
            }
            String taken = held.substring(0, end);
            held.delete(0, end);
            return taken;
        }
    }
}
