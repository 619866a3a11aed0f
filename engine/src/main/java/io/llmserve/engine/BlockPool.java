package io.llmserve.engine;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.BlockHash;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who holds which KV page, and which free pages still hold a prefix that may come again.
///
/// A page has holders (sequences) or is free. A full page whose content is computed may carry the hash of its
/// tokens and all before them; it is shared by whoever asks for that hash, and keeps it when free, until the
/// page is needed: free pages without a hash are used first, then the one that has been free longest. Owned
/// by the step thread.
final class BlockPool {
    static final int NONE = -1;

    private final int[] holders;
    private final @Nullable BlockHash[] hashes;
    private final Map<BlockHash, Integer> byHash = new HashMap<>();
    private final FreePages free;
    private int cached;

    BlockPool(int pages) {
        check(pages > 0, "a block pool needs pages, got %d", pages);
        holders = new int[pages];
        hashes = new BlockHash[pages];
        free = new FreePages(pages);
        for (int page = 0; page < pages; page++) {
            free.addLast(page);
        }
    }

    int pages() {
        return holders.length;
    }

    /// Pages without a holder, those with a reusable prefix included.
    int free() {
        return free.size();
    }

    /// Pages without a holder that carry a hash.
    int cached() {
        return cached;
    }

    int used() {
        return holders.length - free.size();
    }

    int holders(int page) {
        return holders[page];
    }

    /// The page that carries `hash`, held or free, or [#NONE].
    int find(BlockHash hash) {
        return byHash.getOrDefault(hash, NONE);
    }

    /// A free page for a new holder, its content undefined. There must be one.
    int take() {
        check(free.size() > 0, "all %d pages are held", holders.length);
        int page = free.removeFirst();
        cached -= hashes[page] == null ? 0 : 1;
        withdraw(page);
        holders[page] = 1;
        return page;
    }

    /// One more holder for a page that carries a hash.
    void share(int page) {
        check(hashes[page] != null, "page %d has no hash: nobody can know what it holds", page);
        if (holders[page] == 0) {
            free.remove(page);
            cached--;
        }
        holders[page]++;
    }

    /// One more holder for a page that is held.
    void hold(int page) {
        check(holders[page] > 0, "page %d is to be held by one more, but nobody holds it", page);
        holders[page]++;
    }

    /// One holder less; the last one's page is free.
    void release(int page) {
        check(holders[page] > 0, "page %d is released, but nobody holds it", page);
        holders[page]--;
        if (holders[page] > 0) {
            return;
        }
        if (hashes[page] == null) {
            free.addFirst(page);
        } else {
            free.addLast(page);
            cached++;
        }
    }

    /// The held page is full and computed: from now on it can be found. Where another page carries the hash
    /// already, that one stays the one to be found.
    void publish(int page, BlockHash hash) {
        check(holders[page] > 0, "page %d is published, but nobody holds it", page);
        check(hashes[page] == null, "page %d is published twice", page);
        if (byHash.putIfAbsent(hash, page) == null) {
            hashes[page] = hash;
        }
    }

    /// Nobody may find the held page any more; those who hold it keep it.
    void withdraw(int page) {
        BlockHash hash = hashes[page];
        if (hash != null) {
            byHash.remove(hash);
            hashes[page] = null;
        }
    }
}
