package io.llmserve.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageMemory;
import io.llmserve.transfer.library.LibraryPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every data engine against a peer process, with the libraries that users have; and the peer killed.
class DataEnginesIT {
    private static final int PAGE = 256 * 1024;
    private static final int PAGES = 24;

    @ParameterizedTest
    @EnumSource(
            value = EngineKind.class,
            names = {"NIXL", "UCX", "SHM", "TCP"})
    void bringsPagesOfAnotherProcess(EngineKind kind) throws Exception {
        try (Receiver receiver = new Receiver(kind);
                PeerProcess peer = PeerProcess.start(kind, PAGE, PAGES, PAGES)) {
            for (int turn = 0; turn < 3; turn++) {
                FakeSink sink = receiver.sink();
                TransferReport report = receiver.fetch(peer, sink);
                assertThat(report.engine()).isEqualTo(kind);
                assertThat(sink.arrived()).hasSize(PAGES);
            }
            assertThat(receiver.listener.choices())
                    .allSatisfy(choice -> assertThat(choice.reason()).isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = EngineKind.class,
            names = {"NIXL", "UCX", "SHM", "TCP"})
    void aPeerKilledMidWayIsOneErrorAndTheNextPeerServes(EngineKind kind) throws Exception {
        try (Receiver receiver = new Receiver(kind)) {
            try (PeerProcess peer = PeerProcess.start(kind, PAGE, PAGES, PAGES / 2)) {
                FakeSink sink = receiver.sink();
                PageSink killing = new PageSink() {
                    @Override
                    public long offsetFor(int index, io.llmserve.core.BlockHash hash) {
                        return sink.offsetFor(index, hash);
                    }

                    @Override
                    public void arrived(int index, io.llmserve.core.BlockHash hash) {
                        sink.arrived(index, hash);
                        peer.kill();
                    }
                };
                assertThatThrownBy(() -> receiver.fetch(peer, killing))
                        .isInstanceOf(ServeException.class)
                        .hasMessageContaining("KV transfer r from");
                assertThat(receiver.listener.failures()).hasSize(1);
            }
            try (PeerProcess next = PeerProcess.start(kind, PAGE, PAGES, PAGES)) {
                assertThat(receiver.fetch(next, receiver.sink()).engine()).isEqualTo(kind);
            }
        }
        assertThat(sharedFiles()).noneMatch(file -> file.toString().contains("-" + PeerProcess.lastKilled() + "-"));
    }

    @Test
    void whatIsMissingIsNamedAndTcpServes() {
        TransferOptions none = TestPair.OPTIONS
                .withEngineOrder(EngineKind.NIXL, EngineKind.UCX, EngineKind.NCCL)
                .withLibraries(new LibraryPath(List.of()));
        try (TestPair pair = new TestPair(none, PAGE)) {
            pair.exports.publish("r", pair.backwards(2)).allReady();
            assertThat(pair.fetch("r", new FakeSink(pair.backwards(2))).engine())
                    .isEqualTo(EngineKind.TCP);
            assertThat(pair.decodeListener.choices())
                    .singleElement()
                    .satisfies(choice -> assertThat(choice.reason())
                            .contains("NIXL not available: no libnixl_capi.so found")
                            .contains("UCX not available: no libucp.so.0 found")
                            .contains("NCCL not available")
                            .contains("SHM not available: the pages are in private memory"));
        }
    }

    private static List<Path> sharedFiles() throws IOException {
        Path folder = Path.of("/dev/shm");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    /// A decode worker in this process with one engine, TCP aside.
    private static final class Receiver implements AutoCloseable {
        private final PageMemory memory = PageMemory.allocate((long) PAGE * PAGES);
        private final FakeListener listener = new FakeListener();
        private final DataEngines engines;
        private final TransferClient client;

        Receiver(EngineKind kind) {
            TransferOptions options = PeerProcess.options(kind);
            engines = DataEngines.open(options, memory);
            client = new TransferClient(TestPair.format(PAGE), engines, options, listener);
        }

        FakeSink sink() {
            return new FakeSink(java.util.stream.LongStream.range(0, PAGES)
                    .map(page -> page * PAGE)
                    .toArray());
        }

        TransferReport fetch(PeerProcess peer, PageSink sink) {
            return client.fetch(peer.address(), TestPair.ENGINE_ID, "r", sink, Duration.ofMinutes(4));
        }

        @Override
        public void close() {
            client.close();
            engines.close();
            memory.close();
        }
    }
}
