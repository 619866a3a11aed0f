package io.llmserve.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageMemory;
import io.llmserve.transfer.nccl.RealNccl;
import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// NCCL itself. What needs no GPU runs everywhere; the transfer runs where there is a GPU, and says so where
/// there is none.
class NcclIT {
    private static final int PAGE = 256 * 1024;
    private static final int PAGES = 400;

    @Test
    void theLibraryIsLoadedAndMakesIds() {
        TransferOptions options = NativePeers.nccl();
        assertThat(RealNccl.version(options.libraries())).isGreaterThan(21_400);
        byte[] id = RealNccl.newId(options.libraries());
        assertThat(id).hasSize(128).isNotEqualTo(RealNccl.newId(options.libraries()));
    }

    @Test
    void whereThereIsNoGpuTheReasonIsCudasOwn() {
        TransferOptions options = NativePeers.nccl();
        String reason = RealNccl.whyNoGpu(options.libraries());
        Assumptions.assumeFalse(reason.isEmpty(), "there is a GPU");
        assertThat(reason).startsWith("no GPU: ");
        try (PageMemory memory = PageMemory.ofProcess(PAGE);
                DataEngines engines = DataEngines.open(options.withEngineOrder(EngineKind.NCCL), memory)) {
            assertThat(engines.offers().getFirst().reason()).isEqualTo(reason);
        }
    }

    /// Both processes may use one GPU: `NCCL_MULTI_RANK_GPU_ENABLE=1` is set for this (NCCL 2.29 and later).
    @Test
    void bringsPagesOfAnotherProcessThroughTheGpu() throws Exception {
        TransferOptions options = NativePeers.nccl();
        String reason = RealNccl.whyNoGpu(options.libraries());
        Assumptions.assumeTrue(reason.isEmpty(), reason);
        RealNccl.allowOneGpu();
        try (PageMemory memory = PageMemory.allocate((long) PAGE * PAGES);
                DataEngines engines = DataEngines.open(options.withEngineOrder(EngineKind.NCCL), memory);
                TransferClient client = new TransferClient(
                        TestPair.format(PAGE), engines, options.withEngineOrder(EngineKind.NCCL), new FakeListener());
                PeerProcess peer = PeerProcess.start(EngineKind.NCCL, PAGE, PAGES, PAGES)) {
            for (int turn = 0; turn < 3; turn++) {
                FakeSink sink = new FakeSink(
                        LongStream.range(0, PAGES).map(page -> page * PAGE).toArray());
                TransferReport report =
                        client.fetch(peer.address(), TestPair.ENGINE_ID, "r", sink, Duration.ofMinutes(2));
                assertThat(report.engine()).isEqualTo(EngineKind.NCCL);
                assertThat(sink.arrived()).hasSize(PAGES);
            }
        }
    }
}
