package io.llmserve.transfer;

import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageMemory;
import io.llmserve.transfer.nccl.FakeGpu;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Random;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/// A prefill and a decode worker's page memories, server and client, in one process.
final class TestPair implements AutoCloseable {
    static final String ENGINE_ID = "engine-p";
    static final int PAGES = 40;
    static final TransferOptions OPTIONS = TransferOptions.DEFAULT
            .withEngineOrder(EngineKind.TCP)
            .withTimeouts(Duration.ofMinutes(2), Duration.ofMillis(50));

    final PageFormat format;
    final PageMemory prefillMemory;
    final PageMemory decodeMemory;
    final DataEngines prefillEngines;
    final DataEngines decodeEngines;
    final FakeExports exports = new FakeExports();
    final FakeListener prefillListener = new FakeListener();
    final FakeListener decodeListener = new FakeListener();
    final TransferServer server;
    final TransferClient client;

    TestPair(TransferOptions options, int pageBytes) {
        this(options, options, format(pageBytes), format(pageBytes));
    }

    TestPair(TransferOptions prefill, TransferOptions decode, PageFormat prefillFormat, PageFormat decodeFormat) {
        this(
                prefillFormat,
                decodeFormat,
                PageMemory::ofProcess,
                memory -> DataEngines.open(prefill, memory),
                memory -> DataEngines.open(decode, memory),
                prefill,
                decode);
    }

    /// Over NCCL, then TCP.
    static TestPair onGpus(FakeGpu prefill, FakeGpu decode, int pageBytes) {
        TransferOptions order = OPTIONS.withEngineOrder(EngineKind.NCCL, EngineKind.TCP);
        return new TestPair(
                format(pageBytes),
                format(pageBytes),
                PageMemory::ofProcess,
                memory -> DataEngines.open(order, memory, (_, _, pages) -> prefill.engine(pages.segment())),
                memory -> DataEngines.open(order, memory, (_, _, pages) -> decode.engine(pages.segment())),
                order,
                order);
    }

    /// Over shared memory.
    static TestPair sharing(int pageBytes) {
        TransferOptions shared = OPTIONS.withEngineOrder(EngineKind.SHM);
        return new TestPair(
                format(pageBytes),
                format(pageBytes),
                PageMemory::allocate,
                memory -> DataEngines.open(shared, memory),
                memory -> DataEngines.open(shared, memory),
                shared,
                shared);
    }

    private TestPair(
            PageFormat prefillFormat,
            PageFormat decodeFormat,
            LongFunction<PageMemory> memory,
            Function<PageMemory, DataEngines> engines,
            Function<PageMemory, DataEngines> enginesOfDecode,
            TransferOptions prefill,
            TransferOptions decode) {
        format = prefillFormat;
        prefillMemory = memory.apply((long) PAGES * prefillFormat.pageBytes());
        decodeMemory = memory.apply((long) PAGES * prefillFormat.pageBytes());
        fill(prefillMemory.segment(), 1);
        prefillEngines = engines.apply(prefillMemory);
        decodeEngines = enginesOfDecode.apply(decodeMemory);
        server = TransferServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                ENGINE_ID,
                prefillFormat,
                prefillEngines,
                exports,
                prefill,
                prefillListener);
        client = new TransferClient(decodeFormat, decodeEngines, decode, decodeListener);
    }

    static PageFormat format(int pageBytes) {
        return new PageFormat("tiny", 2, 3, 64, "f32", 16, pageBytes);
    }

    static void fill(MemorySegment segment, long seed) {
        Random random = new Random(seed);
        for (long at = 0; at + 8 <= segment.byteSize(); at += 8) {
            segment.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
        }
    }

    PeerAddress address() {
        return new PeerAddress("127.0.0.1", server.port());
    }

    TransferReport fetch(String transferId, PageSink sink) {
        return fetch(address(), transferId, sink);
    }

    TransferReport fetch(PeerAddress peer, String transferId, PageSink sink) {
        return client.fetch(peer, ENGINE_ID, transferId, sink, Duration.ofMinutes(4));
    }

    /// Offsets of the pages with these numbers.
    long[] offsets(int... pages) {
        return java.util.Arrays.stream(pages)
                .mapToLong(page -> (long) page * format.pageBytes())
                .toArray();
    }

    /// Offsets of `count` pages, the last page of the memory first.
    long[] backwards(int count) {
        return LongStream.range(0, count)
                .map(page -> (PAGES - 1 - page) * format.pageBytes())
                .toArray();
    }

    /// Whether our page at `to` has the bytes of theirs at `from`.
    boolean same(long from, long to) {
        return MemorySegment.mismatch(
                        prefillMemory.segment(),
                        from,
                        from + format.pageBytes(),
                        decodeMemory.segment(),
                        to,
                        to + format.pageBytes())
                < 0;
    }

    @Override
    public void close() {
        server.close();
        client.close();
        prefillEngines.close();
        decodeEngines.close();
        prefillMemory.close();
        decodeMemory.close();
    }
}
