package io.llmserve.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.nccl.FakeGpu;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// Transfers in which the sender has to take part, over GPUs that are none. What only a GPU can show is in
/// [NcclIT].
class NcclTransferTest {
    /// 32 pages make a gift, the memory has 40.
    private static final int PAGE = 1 << 20;

    private static final int SMALL_PAGE = 64 * 1024;

    @Test
    void bringsEveryPageAndKeepsThePairForTheNextTransfer() throws Exception {
        FakeGpu prefill = new FakeGpu();
        FakeGpu decode = new FakeGpu();
        try (TestPair pair = TestPair.onGpus(prefill, decode, PAGE)) {
            long[] from = pair.backwards(TestPair.PAGES);
            for (String transfer : new String[] {"a", "b", "c"}) {
                pair.exports.publish(transfer, from).allReady();
                TestPair.fill(pair.decodeMemory.segment(), 2);
                FakeSink sink = new FakeSink(from);
                TransferReport report = pair.fetch(transfer, sink);
                assertThat(report.engine()).isEqualTo(EngineKind.NCCL);
                assertThat(sink.arrived()).hasSize(TestPair.PAGES);
                assertThat(Arrays.stream(from))
                        .allSatisfy(
                                offset -> assertThat(pair.same(offset, offset)).isTrue());
            }
            assertThat(prefill.joins()).isOne();
            assertThat(decode.joins()).isOne();
            pair.exports.awaitAllClosed();
        }
        assertThat(prefill.open() + decode.open()).isZero();
    }

    @Test
    void pagesFlowWhileThePrefillRuns() throws Exception {
        try (TestPair pair = TestPair.onGpus(new FakeGpu(), new FakeGpu(), SMALL_PAGE)) {
            FakeExports.Prompt prompt =
                    pair.exports.publish("r", pair.backwards(8)).ready(3);
            FakeSink sink = new FakeSink(pair.backwards(8));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("r", sink));
            sink.awaitFirst();
            prompt.allReady();
            assertThat(report.join().pages()).isEqualTo(8);
            assertThat(report.join().engine()).isEqualTo(EngineKind.NCCL);
        }
    }

    @Test
    void twoTransfersAtOnceHaveAPairEach() throws Exception {
        FakeGpu decode = new FakeGpu();
        try (TestPair pair = TestPair.onGpus(new FakeGpu(), decode, SMALL_PAGE)) {
            FakeExports.Prompt slow =
                    pair.exports.publish("slow", pair.backwards(8)).ready(1);
            pair.exports.publish("fast", pair.offsets(0, 1, 2)).allReady();
            FakeSink sink = new FakeSink(pair.backwards(8));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("slow", sink));
            sink.awaitFirst();
            assertThat(pair.fetch("fast", new FakeSink(pair.offsets(0, 1, 2))).pages())
                    .isEqualTo(3);
            slow.allReady();
            assertThat(report.join().pages()).isEqualTo(8);
            assertThat(decode.joins()).isEqualTo(2);
        }
    }

    @Test
    void aGpuThatBreaksLeavesTheRestToTcp() throws Exception {
        FakeGpu decode = new FakeGpu();
        try (TestPair pair = TestPair.onGpus(new FakeGpu().breaksAfter(1), decode, PAGE)) {
            pair.exports.publish("r", pair.backwards(TestPair.PAGES)).allReady();
            FakeSink sink = new FakeSink(pair.backwards(TestPair.PAGES));
            assertThat(pair.fetch("r", sink).engine()).isEqualTo(EngineKind.TCP);
            assertThat(sink.arrived()).hasSize(TestPair.PAGES);
            assertThat(pair.decodeListener.choices().getLast().reason()).startsWith("NCCL not available: ");
            pair.exports.awaitAllClosed();
            assertThat(decode.open()).isZero();
        }
    }

    @Test
    void aSideThatJoinsNobodyLeavesAllToTcp() throws Exception {
        try (TestPair pair = TestPair.onGpus(new FakeGpu(), new FakeGpu().joinsNobody(), SMALL_PAGE)) {
            pair.exports.publish("r", pair.backwards(4)).allReady();
            assertThat(pair.fetch("r", new FakeSink(pair.backwards(4))).engine())
                    .isEqualTo(EngineKind.TCP);
            assertThat(pair.decodeListener.choices().getLast().reason())
                    .isEqualTo("NCCL not available: the GPU joins nobody");
        }
    }

    @Test
    void aFullReceiverEndsItsFetchAndTheLease() throws Exception {
        FakeGpu prefill = new FakeGpu();
        try (TestPair pair = TestPair.onGpus(prefill, new FakeGpu(), SMALL_PAGE)) {
            pair.exports.publish("r", pair.backwards(8)).allReady();
            assertThatThrownBy(() -> pair.fetch("r", new FakeSink(pair.backwards(3))))
                    .hasMessage("no page left for page 3");
            pair.exports.awaitAllClosed();
            assertThat(pair.exports.completed()).isOne();
        }
        assertThat(prefill.open()).isZero();
    }

    @Test
    void aReceiverThatIsGoneGivesBackThePages() throws Exception {
        FakeGpu prefill = new FakeGpu();
        try (TestPair pair = TestPair.onGpus(prefill, new FakeGpu(), SMALL_PAGE)) {
            pair.exports.publish("r", pair.backwards(8)).ready(2);
            FakeSink sink = new FakeSink(pair.backwards(8));
            Thread receiver = Thread.ofVirtual()
                    .start(() -> assertThatThrownBy(() -> pair.fetch("r", sink)).isInstanceOf(ServeException.class));
            sink.awaitFirst();
            receiver.interrupt();
            receiver.join();
            pair.exports.awaitAllClosed();
            assertThat(prefill.open()).isZero();
        }
    }

    @Test
    void aPrefillThatFailsMidWayEndsTheTransferOnBothSides() throws Exception {
        FakeGpu prefill = new FakeGpu();
        FakeGpu decode = new FakeGpu();
        try (TestPair pair = TestPair.onGpus(prefill, decode, SMALL_PAGE)) {
            FakeExports.Prompt prompt =
                    pair.exports.publish("r", pair.backwards(8)).ready(5);
            FakeSink sink = new FakeSink(pair.backwards(8));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("r", sink));
            sink.awaitFirst();
            prompt.fail("out of pages");
            assertThatThrownBy(report::join).hasMessageContaining("out of pages");
            pair.exports.awaitAllClosed();
            assertThat(prefill.open()).isZero();
        }
    }
}
