package io.llmserve.transfer.nccl;

import static io.llmserve.transfer.link.TransferFailure.PROTOCOL;

import io.llmserve.transfer.data.PairedEngine;
import io.llmserve.transfer.link.TransferException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The sender's part in one transfer, on a thread of its own: GPU and NCCL make it wait.
final class NcclGiver implements PairedEngine.Giver {
    private static final Logger LOG = LoggerFactory.getLogger(NcclGiver.class);
    private static final int MOST_ASKED = 4;
    private static final List<MemorySegment> END = List.of();

    private final NcclPair pair;
    private final BiConsumer<NcclPair, Boolean> ended;
    /// One place more, for the end.
    private final BlockingQueue<List<MemorySegment>> asked = new ArrayBlockingQueue<>(MOST_ASKED + 1);

    private final Thread thread;
    private volatile boolean well;

    /// @param ended takes the pair, and whether all went well
    NcclGiver(NcclPair pair, BiConsumer<NcclPair, Boolean> ended) {
        this.pair = pair;
        this.ended = ended;
        thread = Thread.ofPlatform().name("kv-nccl").daemon().start(this::run);
    }

    private void run() {
        try {
            Gpu.Pair giving = pair.joined(NcclPair.patience());
            for (List<MemorySegment> gift = asked.take(); !gift.equals(END); gift = asked.take()) {
                giving.give(gift, NcclPair.patience());
            }
            well = true;
        } catch (TransferException e) {
            // The receiver sees that nothing comes, and goes on with its next engine.
            LOG.debug("NCCL: {}", e.text());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void give(List<MemorySegment> pages) {
        if (pages.isEmpty() || asked.size() >= MOST_ASKED) {
            throw new TransferException(PROTOCOL, "asked for nothing, or for more than %d gifts".formatted(MOST_ASKED));
        }
        asked.add(pages);
    }

    @Override
    public void end(boolean whole) {
        if (whole) {
            asked.add(END);
        } else {
            thread.interrupt();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
                thread.interrupt();
            }
        }
        ended.accept(pair, whole && well);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
