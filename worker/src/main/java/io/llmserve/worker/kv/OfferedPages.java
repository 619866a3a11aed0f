package io.llmserve.worker.kv;

import io.llmserve.core.BlockHash;
import io.llmserve.engine.ExportedPrompt;
import io.llmserve.engine.PageExports;
import io.llmserve.transfer.Export;
import io.llmserve.transfer.Exports;
import io.llmserve.transfer.link.Deadline;
import java.util.Optional;

/// What the engine offers, as transfers see it.
record OfferedPages(PageExports exports, long pageBytes) implements Exports {
    @Override
    public Optional<Export> find(String transferId, Deadline deadline) throws InterruptedException {
        return exports.await(transferId, deadline.remainingNanos()).map(prompt -> new Offered(prompt, pageBytes));
    }

    @Override
    public void unwanted(String transferId) {
        exports.release(transferId);
    }

    private record Offered(ExportedPrompt prompt, long pageBytes) implements Export {
        @Override
        public int pages() {
            return prompt.pages();
        }

        @Override
        public int awaitReady(int beyond, Deadline deadline) throws InterruptedException {
            return prompt.awaitReady(beyond, deadline.remainingNanos());
        }

        @Override
        public long pageOffset(int index) {
            return prompt.page(index) * pageBytes;
        }

        @Override
        public BlockHash blockHash(int index) {
            return prompt.hash(index);
        }

        @Override
        public void completed() {
            prompt.done();
        }

        @Override
        public void close() {
            prompt.close();
        }
    }
}
