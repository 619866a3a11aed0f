package io.llmserve.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.link.TransferFailure;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a fetch promises, over TCP.
class TransferTest {
    private static final int PAGE = 64 * 1024;

    @ParameterizedTest
    @CsvSource({"1, 1048576", "2, 1048576", "5, 1048576", "1, 16", "2, 40000", "2, 376832", "3, 1200000"})
    void bringsEveryPageToItsPlace(int streams, int pageBytes) throws InterruptedException {
        try (TestPair pair = new TestPair(TestPair.OPTIONS.withStreams(streams), pageBytes)) {
            long[] from = pair.backwards(TestPair.PAGES);
            pair.exports.publish("r", from).allReady();
            long[] to = pair.offsets(java.util.stream.IntStream.range(0, TestPair.PAGES)
                    .map(page -> (page * 7) % TestPair.PAGES)
                    .toArray());
            FakeSink sink = new FakeSink(to);

            TransferReport report = pair.fetch("r", sink);

            assertThat(report.engine()).isEqualTo(EngineKind.TCP);
            assertThat(report.pages()).isEqualTo(TestPair.PAGES);
            assertThat(sink.arrived()).hasSize(TestPair.PAGES).allSatisfy((index, hash) -> {
                assertThat(hash).isEqualTo(FakeExports.hash(index));
                assertThat(pair.same(from[index], to[index])).isTrue();
            });
            pair.exports.awaitAllClosed();
            assertThat(pair.exports.completed()).isOne();
        }
    }

    @Test
    void dataConnectionsServeOneTransferAfterTheOther() throws Exception {
        try (TestPair pair = new TestPair(TestPair.OPTIONS.withStreams(1), PAGE);
                FaultyNetwork network = FaultyNetwork.sound(pair.server.port())) {
            for (String transfer : List.of("a", "b", "c")) {
                pair.exports.publish(transfer, pair.backwards(8)).allReady();
                FakeSink sink = new FakeSink(pair.backwards(8));
                assertThat(pair.fetch(network.address(), transfer, sink).pages())
                        .isEqualTo(8);
            }
            assertThat(network.connections())
                    .as("three for control, one for data")
                    .isEqualTo(4);
            pair.exports.awaitAllClosed();
        }
    }

    @Test
    void aDataConnectionThatWasLostAtRestIsNotUsedAgain() throws Exception {
        try (TestPair pair = new TestPair(TestPair.OPTIONS.withStreams(1), PAGE);
                FaultyNetwork network = FaultyNetwork.sound(pair.server.port())) {
            pair.exports.publish("r", pair.backwards(8)).allReady();
            pair.fetch(network.address(), "r", new FakeSink(pair.backwards(8)));
            network.cutNow();
            FakeSink sink = new FakeSink(pair.backwards(8));
            assertThat(pair.fetch(network.address(), "r", sink).pages()).isEqualTo(8);
            assertThat(network.connections())
                    .as("two for control, two for data")
                    .isEqualTo(4);
        }
    }

    @Test
    void pagesFlowWhileThePrefillRuns() throws Exception {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            FakeExports.Prompt prompt =
                    pair.exports.publish("r", pair.backwards(8)).ready(3);
            FakeSink sink = new FakeSink(pair.backwards(8));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("r", sink));
            sink.awaitFirst();
            assertThat(report).isNotDone();
            prompt.ready(7);
            prompt.allReady();

            assertThat(report.join().pages()).isEqualTo(8);
        }
    }

    @Test
    void aTransferMayBeAskedForBeforeItIsKnown() {
        TransferOptions patient = TestPair.OPTIONS.withTimeouts(Duration.ofSeconds(5), Duration.ofSeconds(30));
        try (TestPair pair = new TestPair(patient, PAGE)) {
            FakeSink sink = new FakeSink(pair.backwards(2));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("r", sink));
            pair.exports.publish("r", pair.backwards(2)).allReady();

            assertThat(report.join().pages()).isEqualTo(2);
        }
    }

    @Test
    void bringsOnlyThePagesThatAreWanted() {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            pair.exports.publish("r", pair.backwards(6)).allReady();
            FakeSink sink = new FakeSink(Set.of(0, 1, 4), pair.backwards(6));

            assertThat(pair.fetch("r", sink).pages()).isEqualTo(3);
            assertThat(sink.arrived().keySet()).containsExactly(2, 3, 5);
        }
    }

    @Test
    void aPromptWithoutAFullPageIsATransferOfNone() {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            pair.exports.publish("r");
            assertThat(pair.fetch("r", new FakeSink()).pages()).isZero();
        }
    }

    @Test
    void anUnknownTransferIsRefusedWhenTheWaitIsOver() {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            assertThatThrownBy(() -> pair.fetch("nobody", new FakeSink()))
                    .isInstanceOf(ServeException.class)
                    .hasMessageContaining("has no pages for nobody and none came in PT0.05S");
            assertThat(pair.decodeListener.failures())
                    .singleElement()
                    .satisfies(failed -> assertThat(failed.kind()).isEqualTo(TransferFailure.UNKNOWN_TRANSFER));
        }
    }

    @Test
    void pagesOfAnotherModelAreRefusedWithWhatDiffers() {
        PageFormat ours = TestPair.format(PAGE);
        PageFormat theirs = new PageFormat("other", 2, 3, 64, "bf16", 16, PAGE);
        try (TestPair pair = new TestPair(TestPair.OPTIONS, TestPair.OPTIONS, theirs, ours)) {
            pair.exports.publish("r", 0).allReady();
            assertThatThrownBy(() -> pair.fetch("r", new FakeSink(0)))
                    .hasMessageContaining("model is other here and tiny there, dtype is bf16 here and f32 there");
            assertThat(pair.exports.open()).isZero();
        }
    }

    @Test
    void aRestartedWorkerIsNotTheOneThatWasMeant() {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            assertThatThrownBy(() ->
                            pair.client.fetch(pair.address(), "engine-q", "r", new FakeSink(), Duration.ofSeconds(9)))
                    .hasMessageContaining("is engine engine-p, not engine-q");
        }
    }

    @Test
    void aPrefillThatFailsMidWaySaysSo() throws InterruptedException {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            FakeExports.Prompt prompt =
                    pair.exports.publish("r", pair.backwards(8)).ready(5);
            FakeSink sink = new FakeSink(pair.backwards(8));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("r", sink));
            sink.awaitFirst();
            prompt.fail("out of pages");

            assertThatThrownBy(report::join)
                    .cause()
                    .isInstanceOf(ServeException.class)
                    .hasMessageContaining("of 8 pages")
                    .hasMessageContaining("out of pages");
            pair.exports.awaitAllClosed();
        }
    }

    @Test
    void aFullReceiverEndsItsFetchAndTheLease() throws InterruptedException {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            pair.exports.publish("r", pair.backwards(8)).allReady();
            assertThatThrownBy(() -> pair.fetch("r", new FakeSink(pair.backwards(3))))
                    .isInstanceOfSatisfying(
                            ServeException.class, e -> assertThat(e.failure()).isEqualTo(Failure.UNAVAILABLE))
                    .hasMessage("no page left for page 3");
            pair.exports.awaitAllClosed();
            assertThat(pair.exports.completed()).isOne();
        }
    }

    @Test
    void pagesThatAreNotWantedAnyMoreAreGivenUp() throws InterruptedException {
        TransferOptions brisk = TestPair.OPTIONS.withTimeouts(Duration.ofSeconds(5), Duration.ofSeconds(30));
        try (TestPair pair = new TestPair(brisk, PAGE)) {
            pair.exports.publish("r", pair.backwards(8)).ready(1);
            FakeSink sink = new FakeSink(pair.backwards(8));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("r", sink));
            sink.awaitFirst();
            sink.wantNoMore();

            assertThatThrownBy(report::join).hasMessageContaining("not wanted any more");
            pair.exports.awaitAllClosed();
            assertThat(pair.exports.completed()).isOne();
        }
    }

    @Test
    void moreTransfersThanAllowedAreToldThatTheWorkerIsBusy() throws InterruptedException {
        try (TestPair pair = new TestPair(TestPair.OPTIONS.withMaxTransfers(1), PAGE)) {
            FakeExports.Prompt prompt =
                    pair.exports.publish("r", pair.backwards(2)).ready(1);
            FakeSink sink = new FakeSink(pair.backwards(2));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("r", sink));
            sink.awaitFirst();

            assertThatThrownBy(() -> pair.fetch("r", new FakeSink(pair.backwards(2))))
                    .hasMessageContaining("serves 1 transfers, the most it may");
            prompt.allReady();
            assertThat(report.join().pages()).isEqualTo(2);
        }
    }

    @Test
    void anUnreachablePeerIsNamed() {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            PeerAddress gone = pair.address();
            pair.server.close();
            assertThatThrownBy(() -> pair.fetch(gone, "r", new FakeSink())).hasMessageContaining(gone.toString());
        }
    }

    @Test
    void closingTheServerEndsItsTransfersAndGivesBackTheirPages() throws InterruptedException {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            pair.exports.publish("r", pair.backwards(8)).ready(1);
            FakeSink sink = new FakeSink(pair.backwards(8));
            CompletableFuture<TransferReport> report = CompletableFuture.supplyAsync(() -> pair.fetch("r", sink));
            sink.awaitFirst();

            pair.server.close();

            assertThat(pair.exports.open()).isZero();
            assertThat(pair.exports.completed()).isZero();
            assertThatThrownBy(report::join).hasMessageContaining("1 of 8 pages");
        }
    }

    @Test
    void bothSidesHearOfEngineAndBytes() throws InterruptedException {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            pair.exports.publish("r", pair.backwards(8)).allReady();
            pair.fetch("r", new FakeSink(pair.backwards(8)));
            pair.exports.awaitAllClosed();
            pair.server.close();
            for (FakeListener listener : List.of(pair.prefillListener, pair.decodeListener)) {
                assertThat(listener.choices()).containsExactly(new FakeListener.Choice(EngineKind.TCP, ""));
                assertThat(listener.reports()).singleElement().satisfies(report -> {
                    assertThat(report.bytes()).isEqualTo(8L * PAGE);
                    assertThat(report.bytesPerSecond()).isPositive();
                });
                assertThat(listener.failures()).isEmpty();
            }
        }
    }
}
