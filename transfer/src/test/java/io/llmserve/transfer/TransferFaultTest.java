package io.llmserve.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import io.llmserve.testkit.Seeds;
import io.llmserve.transfer.FaultyNetwork.Fault;
import io.llmserve.transfer.TransferListener.Side;
import io.llmserve.transfer.link.TransferFailure;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/// Peers and networks that fail. Every fetch ends in all pages or in one clear error, and gives back what
/// it was lent.
class TransferFaultTest {
    private static final int PAGE = 64 * 1024;
    private static final TransferOptions BRISK =
            TestPair.OPTIONS.withStreams(1).withTimeouts(Duration.ofMillis(400), Duration.ofMillis(50));

    @Test
    void aConnectionCutMidPageIsAnErrorWithBothNumbers() throws Exception {
        try (TestPair pair = new TestPair(TestPair.OPTIONS.withStreams(1), PAGE);
                FaultyNetwork network = new FaultyNetwork(pair.server.port(), 1, 3 * PAGE + 1000, Fault.CUT)) {
            pair.exports.publish("r", pair.backwards(8)).allReady();
            FakeSink sink = new FakeSink(pair.backwards(8));

            assertThatThrownBy(() -> pair.fetch(network.address(), "r", sink))
                    .isInstanceOf(ServeException.class)
                    .hasMessageMatching("KV transfer r from .* brought [0-3] of 8 pages in .* s: connection .* lost.*");
            pair.exports.awaitAllClosed();
        }
    }

    @Test
    void aPeerThatHangsMidPageIsGivenUpAtTheIdleTimeout() throws Exception {
        try (TestPair pair = new TestPair(BRISK, PAGE);
                FaultyNetwork network = new FaultyNetwork(pair.server.port(), 1, 3 * PAGE + 1000, Fault.HANG)) {
            pair.exports.publish("r", pair.backwards(8)).allReady();

            assertThatThrownBy(() -> pair.fetch(network.address(), "r", new FakeSink(pair.backwards(8))))
                    .hasMessageContaining("did not go on in time");
            assertThat(pair.decodeListener.failures())
                    .extracting(FakeListener.Failed::kind)
                    .containsExactly(TransferFailure.DEADLINE);
            pair.exports.awaitAllClosed();
        }
    }

    @Test
    void aPeerThatHangsBeforeItsWelcomeIsGivenUp() throws Exception {
        try (TestPair pair = new TestPair(BRISK, PAGE);
                FaultyNetwork network = new FaultyNetwork(pair.server.port(), 0, 4, Fault.HANG)) {
            assertThatThrownBy(() -> pair.fetch(network.address(), "r", new FakeSink()))
                    .hasMessageContaining("brought no page")
                    .hasMessageContaining("did not go on in time");
        }
    }

    @Test
    void thePatienceOfTheCallerEndsWhileThePrefillStandsStill() {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            pair.exports.publish("r", pair.backwards(8)).ready(2);
            assertThatThrownBy(() -> pair.client.fetch(
                            pair.address(),
                            TestPair.ENGINE_ID,
                            "r",
                            new FakeSink(pair.backwards(8)),
                            Duration.ofMillis(700)))
                    .hasMessageContaining("of 8 pages");
        }
    }

    @Test
    void aPrefillThatGoesOnMayTakeLongerThanThePatience() {
        Duration patience = Duration.ofSeconds(4);
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            FakeExports.Prompt prompt = pair.exports.publish("r", pair.backwards(8));
            CompletableFuture.delayedExecutor(2_500, TimeUnit.MILLISECONDS).execute(() -> prompt.ready(4));
            CompletableFuture.delayedExecutor(5_000, TimeUnit.MILLISECONDS).execute(prompt::allReady);

            TransferReport report = pair.client.fetch(
                    pair.address(), TestPair.ENGINE_ID, "r", new FakeSink(pair.backwards(8)), patience);
            assertThat(report.pages()).isEqualTo(8);
            assertThat(report.elapsed()).isGreaterThan(patience);
        }
    }

    @Test
    void aPrefillThatComesAfterTheDeadlineIsHeldByNobodyAndMayBeFetchedYet() throws Exception {
        TransferOptions patient = TestPair.OPTIONS.withTimeouts(Duration.ofMinutes(2), Duration.ofMinutes(1));
        try (TestPair pair = new TestPair(patient, PAGE)) {
            assertThatThrownBy(() -> pair.client.fetch(
                            pair.address(),
                            TestPair.ENGINE_ID,
                            "r",
                            new FakeSink(pair.backwards(8)),
                            Duration.ofMillis(300)))
                    .hasMessageContaining("brought no page");
            pair.exports.publish("r", pair.backwards(8)).allReady();
            assertThat(pair.fetch("r", new FakeSink(pair.backwards(8))).pages()).isEqualTo(8);
            pair.exports.awaitAllClosed();
            assertThat(pair.exports.completed()).isOne();
        }
    }

    @Test
    void afterAFailureNothingMoreIsWrittenIntoOurPages() throws Exception {
        try (TestPair pair = new TestPair(BRISK.withStreams(2), PAGE * 16);
                FaultyNetwork network = new FaultyNetwork(pair.server.port(), 1, 20 * PAGE, Fault.CUT)) {
            pair.exports.publish("r", pair.backwards(TestPair.PAGES)).allReady();
            FakeSink sink = new FakeSink(pair.backwards(TestPair.PAGES));
            assertThatThrownBy(() -> pair.fetch(network.address(), "r", sink)).isInstanceOf(ServeException.class);
            // The pages have another owner now; what is still on its way must not reach them.
            pair.decodeMemory.segment().fill((byte) 0);
            pair.server.close();
            assertThat(pair.decodeMemory.segment().mismatch(ofZeros(pair))).isEqualTo(-1);
        }
    }

    private static MemorySegment ofZeros(TestPair pair) {
        return MemorySegment.ofArray(
                new byte[Math.toIntExact(pair.decodeMemory.segment().byteSize())]);
    }

    @Test
    void aReceiverThatIsGoneGivesBackThePagesButKeepsTheLease() throws Exception {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            FakeExports.Prompt prompt =
                    pair.exports.publish("r", pair.backwards(8)).ready(2);
            FakeSink sink = new FakeSink(pair.backwards(8));
            Thread receiver = Thread.ofVirtual().unstarted(() -> {
                try {
                    pair.fetch("r", sink);
                } catch (ServeException e) {
                    assertThat(e).hasMessageContaining("cancelled");
                }
            });
            receiver.start();
            sink.awaitFirst();
            receiver.interrupt();
            receiver.join();

            pair.exports.awaitAllClosed();
            assertThat(pair.exports.completed()).isZero();
            prompt.allReady();
            assertThat(pair.fetch("r", new FakeSink(pair.backwards(8))).pages()).isEqualTo(8);
        }
    }

    @ParameterizedTest
    @Seeds(12)
    void aDamagedByteNeverPassesForAPage(long seed) throws Exception {
        Random random = new Random(seed);
        try (TestPair pair = new TestPair(BRISK, PAGE);
                FaultyNetwork network = new FaultyNetwork(
                        pair.server.port(), random.nextInt(2), random.nextInt(8 * PAGE), Fault.FLIP)) {
            pair.exports.publish("r", pair.backwards(8)).allReady();
            FakeSink sink = new FakeSink(pair.backwards(8));
            try {
                pair.fetch(network.address(), "r", sink);
            } catch (ServeException e) {
                assertThat(e.messageText()).isNotBlank();
            }
            assertThat(sink.arrived().keySet())
                    .allSatisfy(page -> assertThat(pair.same(pair.backwards(8)[page], pair.backwards(8)[page]))
                            .isTrue());
            pair.exports.awaitAllClosed();
        }
    }

    @ParameterizedTest
    @Seeds(12)
    void aConnectionCutAnywhereEndsTheFetchAndFreesThePages(long seed) throws Exception {
        Random random = new Random(seed);
        try (TestPair pair = new TestPair(BRISK.withStreams(2), PAGE);
                FaultyNetwork network =
                        new FaultyNetwork(pair.server.port(), random.nextInt(3), random.nextInt(4 * PAGE), Fault.CUT)) {
            pair.exports.publish("r", pair.backwards(TestPair.PAGES)).allReady();
            FakeSink sink = new FakeSink(pair.backwards(TestPair.PAGES));
            try {
                assertThat(pair.fetch(network.address(), "r", sink).pages()).isEqualTo(TestPair.PAGES);
            } catch (ServeException e) {
                assertThat(sink.arrived()).hasSizeLessThan(TestPair.PAGES + 1);
            }
            pair.exports.awaitAllClosed();
        }
    }

    @Test
    void aPageThatChangesWhileItIsReadFromOutsideIsRefused() throws Exception {
        try (TestPair pair = TestPair.sharing(PAGE)) {
            pair.exports.publish("r", pair.backwards(1)).allReady();
            FakeSink sink = new FakeSink(pair.backwards(1));
            PageSink meddling = new PageSink() {
                @Override
                public long offsetFor(int index, io.llmserve.core.BlockHash hash) {
                    TestPair.fill(pair.prefillMemory.segment(), 99);
                    return sink.offsetFor(index, hash);
                }

                @Override
                public void arrived(int index, io.llmserve.core.BlockHash hash) {
                    sink.arrived(index, hash);
                }
            };
            assertThatThrownBy(() -> pair.fetch("r", meddling)).hasMessageContaining("page 0 has checksum");
            assertThat(sink.arrived()).isEmpty();
            pair.exports.awaitAllClosed();
        }
    }

    @Test
    void aPeerOfAnotherVersionIsToldAsSuchOnBothSides() throws Exception {
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE);
                ServerSocket newer = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> answered = CompletableFuture.runAsync(() -> {
                try (Socket socket = newer.accept()) {
                    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                    out.writeInt(Conversation.MAGIC);
                    out.writeInt(99);
                    var _ = socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                    // The receiver hangs up on us: as it should.
                }
            });
            assertThatThrownBy(
                            () -> pair.fetch(new PeerAddress("127.0.0.1", newer.getLocalPort()), "r", new FakeSink()))
                    .hasMessageContaining(
                            "speaks version 99 of the KV transfer protocol, we speak " + Conversation.VERSION);
            answered.join();

            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), pair.server.port())) {
                DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                out.writeInt(Conversation.MAGIC);
                out.writeInt(99);
                DataInputStream in = new DataInputStream(socket.getInputStream());
                assertThat(in.readInt()).isEqualTo(Conversation.MAGIC);
                assertThat(in.readInt()).isEqualTo(Conversation.VERSION);
                assertThat(in.read()).isEqualTo(-1);
            }
            pair.server.close();
            assertThat(pair.prefillListener.failures())
                    .containsExactly(new FakeListener.Failed(
                            Side.SENDER,
                            TransferFailure.VERSION,
                            pair.prefillListener.failures().getFirst().message()));
        }
    }

    @ParameterizedTest
    @Seeds(40)
    void anyBytesOnTheKvPortLeaveTheServerWhole(long seed) throws Exception {
        Random random = new Random(seed);
        try (TestPair pair = new TestPair(TestPair.OPTIONS, PAGE)) {
            byte[] bytes = new byte[random.nextInt(400)];
            random.nextBytes(bytes);
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), pair.server.port())) {
                DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                if (random.nextBoolean()) {
                    out.writeInt(Conversation.MAGIC);
                    out.writeInt(Conversation.VERSION);
                }
                if (random.nextBoolean()) {
                    out.writeInt(bytes.length);
                }
                out.write(bytes);
                socket.shutdownOutput();
                var _ = socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                // A reset is as good an answer.
            }
            pair.exports.publish("r", pair.backwards(2)).allReady();
            assertThat(pair.fetch("r", new FakeSink(pair.backwards(2))).pages()).isEqualTo(2);
        }
    }
}
