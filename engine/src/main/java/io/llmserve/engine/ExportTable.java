package io.llmserve.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Finds prompts that are offered by their ids. Any thread; bounded by the generations and leases of the engine.
final class ExportTable implements PageExports {
    private static final int REMEMBERED = 1_024;

    private final Consumer<PromptExport> settle;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition added = lock.newCondition();
    private final Map<String, PromptExport> live = new LinkedHashMap<>();
    /// Ids of those that ended lately: who asks for one of them need not wait.
    private final Map<String, Boolean> gone = remembered();

    /// Ids that nobody will read and whose requests have not come.
    private final Map<String, Boolean> unwanted = remembered();

    private boolean closed;

    /// @param settle asks the step thread to look after a prompt again
    ExportTable(Consumer<PromptExport> settle) {
        this.settle = settle;
    }

    /// Offers a prompt. An older one of the same id is given up: its request was sent again.
    PromptExport add(String id, int pages) {
        PromptExport export = new PromptExport(id, pages, settle);
        PromptExport older;
        lock.lock();
        try {
            older = live.put(id, export);
            gone.remove(id);
            if (unwanted.remove(id) != null) {
                export.release();
            }
            added.signalAll();
        } finally {
            lock.unlock();
        }
        if (older != null) {
            older.release();
            settle.accept(older);
        }
        return export;
    }

    /// The prompt is offered no more.
    void remove(PromptExport export) {
        lock.lock();
        try {
            if (live.remove(export.id(), export)) {
                gone.put(export.id(), true);
                added.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// No prompt will be added: nobody need wait.
    void close() {
        lock.lock();
        try {
            closed = true;
            added.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<ExportedPrompt> open(String transferId) {
        PromptExport export = find(transferId);
        return export == null ? Optional.empty() : Optional.ofNullable(export.open());
    }

    @Override
    public Optional<ExportedPrompt> await(String transferId, long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (!closed && !live.containsKey(transferId) && !gone.containsKey(transferId) && left > 0) {
                left = added.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        return open(transferId);
    }

    @Override
    public void release(String transferId) {
        PromptExport export;
        lock.lock();
        try {
            export = live.get(transferId);
            if (export == null && !gone.containsKey(transferId)) {
                unwanted.put(transferId, true);
            }
        } finally {
            lock.unlock();
        }
        if (export != null) {
            export.release();
            settle.accept(export);
        }
    }

    private static Map<String, Boolean> remembered() {
        return new LinkedHashMap<>() {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                return size() > REMEMBERED;
            }
        };
    }

    private @Nullable PromptExport find(String transferId) {
        lock.lock();
        try {
            return live.get(transferId);
        } finally {
            lock.unlock();
        }
    }
}
