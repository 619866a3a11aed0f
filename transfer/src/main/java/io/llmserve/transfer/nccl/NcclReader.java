package io.llmserve.transfer.nccl;

import io.llmserve.transfer.data.PageRead;
import io.llmserve.transfer.data.PageReader;
import io.llmserve.transfer.data.PairedEngine.Talk;
import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// The receiver's part in one transfer: asks, and takes what it asked for. The next gift is asked for before
/// this one is taken, so that the sender has no pause.
final class NcclReader implements PageReader {
    private final NcclPair pair;
    private final MemorySegment pages;
    private final int pageBytes;
    private final Talk talk;
    private final Consumer<NcclPair> rest;
    private boolean failed;

    /// @param rest takes the pair when the transfer went well
    NcclReader(NcclPair pair, MemorySegment pages, int pageBytes, Talk talk, Consumer<NcclPair> rest) {
        this.pair = pair;
        this.pages = pages;
        this.pageBytes = pageBytes;
        this.talk = talk;
        this.rest = rest;
    }

    @Override
    public void read(List<PageRead> batch, IntConsumer arrived, Deadline deadline) {
        failed = true; // until it is not
        int most = NcclEngine.pagesOfAGift(pageBytes);
        talk.ask(gift(batch, 0, most));
        try {
            Gpu.Pair taking = pair.joined(NcclPair.patience(deadline));
            for (int from = 0; from < batch.size(); from += most) {
                if (from + most < batch.size()) {
                    talk.ask(gift(batch, from + most, most));
                }
                List<PageRead> now = gift(batch, from, most);
                taking.take(now.stream().map(this::place).toList(), NcclPair.patience(deadline));
                now.forEach(page -> arrived.accept(page.index()));
            }
        } catch (TransferException e) {
            // A sender that does not give may have another engine that works: only the caller's own time is final.
            throw e.kind() == TransferFailure.DEADLINE && !deadline.passed()
                    ? new TransferException(TransferFailure.ENGINE, e.text(), e)
                    : e;
        }
        failed = false;
    }

    private static List<PageRead> gift(List<PageRead> batch, int from, int most) {
        return batch.subList(from, Math.min(batch.size(), from + most));
    }

    private MemorySegment place(PageRead page) {
        return pages.asSlice(page.localOffset(), pageBytes);
    }

    @Override
    public void close() {
        if (failed || pair.isFresh()) {
            pair.close();
        } else {
            rest.accept(pair);
        }
    }
}
