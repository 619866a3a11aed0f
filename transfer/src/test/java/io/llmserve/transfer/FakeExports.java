package io.llmserve.transfer;

import io.llmserve.core.BlockHash;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.transfer.link.Deadline;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A prefill worker's transfers, whose pages become ready when the test says so.
final class FakeExports implements Exports {
    private final Map<String, Prompt> prompts = new HashMap<>();
    private int open;
    private int completed;

    /// @param offsets where the pages lie
    synchronized Prompt publish(String transferId, long... offsets) {
        Prompt prompt = new Prompt(offsets);
        prompts.put(transferId, prompt);
        notifyAll();
        return prompt;
    }

    @Override
    public synchronized Optional<Export> find(String transferId, Deadline deadline) throws InterruptedException {
        while (!prompts.containsKey(transferId) && !deadline.passed()) {
            wait(Math.max(1, deadline.remainingNanos() / 1_000_000));
        }
        return Optional.ofNullable(prompts.get(transferId)).map(prompt -> {
            open++;
            return new View(prompt);
        });
    }

    /// Fetches that have not given back their export.
    synchronized int open() {
        return open;
    }

    synchronized int completed() {
        return completed;
    }

    /// Waits until no export is lent: the sender learns of an end later than the receiver.
    synchronized void awaitAllClosed() throws InterruptedException {
        while (open > 0) {
            wait();
        }
    }

    final class Prompt {
        private final long[] offsets;
        private int ready;
        private @Nullable ServeException failure;

        private Prompt(long[] offsets) {
            this.offsets = offsets;
        }

        Prompt ready(int pages) {
            synchronized (FakeExports.this) {
                ready = pages;
                FakeExports.this.notifyAll();
            }
            return this;
        }

        Prompt allReady() {
            return ready(offsets.length);
        }

        void fail(String message) {
            synchronized (FakeExports.this) {
                failure = new ServeException(Failure.INTERNAL, message);
                FakeExports.this.notifyAll();
            }
        }
    }

    /// The hash of page `index` of any fake prompt.
    static BlockHash hash(int index) {
        return new BlockHash(index + 1L, ~index);
    }

    private final class View implements Export {
        private final Prompt prompt;

        View(Prompt prompt) {
            this.prompt = prompt;
        }

        @Override
        public int pages() {
            return prompt.offsets.length;
        }

        @Override
        public int awaitReady(int beyond, Deadline deadline) throws InterruptedException {
            synchronized (FakeExports.this) {
                while (prompt.ready <= beyond && prompt.failure == null && !deadline.passed()) {
                    FakeExports.this.wait(Math.max(1, deadline.remainingNanos() / 1_000_000));
                }
                if (prompt.failure != null) {
                    throw prompt.failure;
                }
                return prompt.ready;
            }
        }

        @Override
        public long pageOffset(int index) {
            return prompt.offsets[index];
        }

        @Override
        public BlockHash blockHash(int index) {
            return hash(index);
        }

        @Override
        public void completed() {
            synchronized (FakeExports.this) {
                completed++;
            }
        }

        @Override
        public void close() {
            synchronized (FakeExports.this) {
                open--;
                FakeExports.this.notifyAll();
            }
        }
    }
}
