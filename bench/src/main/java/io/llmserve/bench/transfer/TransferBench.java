package io.llmserve.bench.transfer;

import io.llmserve.core.BlockHash;
import io.llmserve.transfer.DataEngines;
import io.llmserve.transfer.PageSink;
import io.llmserve.transfer.PeerAddress;
import io.llmserve.transfer.TransferClient;
import io.llmserve.transfer.TransferListener;
import io.llmserve.transfer.TransferOptions;
import io.llmserve.transfer.TransferReport;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageMemory;
import io.llmserve.transfer.link.Deadline;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;

/// Moves the same pages between the same two processes in several ways: by a data engine as workers use
/// it (checksums, control connection and all), through a plain socket, and by copying within this
/// process. Rounds of each way take turns, so that a machine that changes its pace changes it for all;
/// medians.
///
/// @param bytes moved in one round
record TransferBench(int streams, long bytes, int rounds) {
    /// Small transfers, then whole rounds, before anything is measured: a worker is long-lived, and so its
    /// code is compiled, at both sides.
    private static final int WARM_TRANSFERS = 400;

    /// More than the buffers of a connection hold.
    private static final long BUFFERED = 16 << 20;

    private static final Duration WARM = Duration.ofMillis(1500);

    /// Bytes a second; `latencyMicros` is one transfer of one page, from the call to its return.
    record Figures(EngineKind engine, double engineRate, double socketRate, double copyRate, double latencyMicros) {}

    Figures measure(EngineKind kind, int pageBytes) throws IOException {
        int pages = Math.toIntExact(bytes / pageBytes);
        TransferOptions options = PageSender.options(kind, streams);
        try (PageSender sender = PageSender.start(kind, pageBytes, bytes);
                PageMemory memory = PageMemory.allocate(bytes);
                PageMemory source = PageMemory.ofProcess(bytes);
                DataEngines engines = DataEngines.open(options, memory);
                TransferClient client =
                        new TransferClient(PageSender.format(pageBytes), engines, options, TransferListener.NONE)) {
            PeerAddress peer = new PeerAddress("127.0.0.1", sender.port());
            EngineKind used = fetch(client, peer, pages, pageBytes).engine();
            for (int warm = 0; warm < WARM_TRANSFERS; warm++) {
                fetch(client, peer, 1 + warm % 4, pageBytes);
            }
            try (SocketChannel plain =
                    SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), sender.plainPort()))) {
                double[][] figures = inTurns(
                        () -> rate(fetch(client, peer, pages, pageBytes)),
                        () -> plain(plain, memory.segment(), pageBytes),
                        () -> copy(source.segment(), memory.segment(), pageBytes),
                        () -> fetch(client, peer, 1, pageBytes).elapsed().toNanos() / 1e3);
                return new Figures(
                        used, median(figures[0]), median(figures[1]), median(figures[2]), median(figures[3]));
            }
        }
    }

    private static double rate(TransferReport report) {
        return report.bytes() * 1e9 / report.elapsed().toNanos();
    }

    private static TransferReport fetch(TransferClient client, PeerAddress peer, int pages, int pageBytes) {
        PageSink sink = new PageSink() {
            @Override
            public long offsetFor(int index, BlockHash hash) {
                return (long) index * pageBytes;
            }

            @Override
            public void arrived(int index, BlockHash hash) {}
        };
        return client.fetch(peer, PageSender.ENGINE_ID, "" + pages, sink, Duration.ofSeconds(60));
    }

    private static double copy(MemorySegment from, MemorySegment to, int pageBytes) {
        long start = System.nanoTime();
        for (long at = 0; at + pageBytes <= to.byteSize(); at += pageBytes) {
            MemorySegment.copy(from, at, to, at, pageBytes);
        }
        return to.byteSize() * 1e9 / (System.nanoTime() - start);
    }

    /// One connection, read page by page into page memory: what the network stack gives at best. What its
    /// buffers held before is read first, and not counted.
    private static double plain(SocketChannel channel, MemorySegment pages, int pageBytes) throws IOException {
        pour(channel, pages.asSlice(0, Math.min(pages.byteSize(), BUFFERED)), pageBytes);
        long start = System.nanoTime();
        long count = pour(channel, pages, pageBytes);
        return count * 1e9 / (System.nanoTime() - start);
    }

    private static long pour(SocketChannel channel, MemorySegment pages, int pageBytes) throws IOException {
        long count = 0;
        for (; count + pageBytes <= pages.byteSize(); count += pageBytes) {
            ByteBuffer page = pages.asSlice(count, pageBytes).asByteBuffer();
            while (page.hasRemaining()) {
                if (channel.read(page) < 0) {
                    throw new IOException("the sending process has ended");
                }
            }
        }
        return count;
    }

    private interface Way {
        double figure() throws IOException;
    }

    private double[][] inTurns(Way... ways) throws IOException {
        double[][] figures = new double[ways.length][rounds];
        Deadline warm = Deadline.after(WARM);
        while (!warm.passed()) {
            for (Way way : ways) {
                double _ = way.figure();
            }
        }
        for (int round = 0; round < rounds; round++) {
            for (int way = 0; way < ways.length; way++) {
                figures[way][round] = ways[way].figure();
            }
        }
        return figures;
    }

    private static double median(double[] figures) {
        Arrays.sort(figures);
        return figures[figures.length / 2];
    }
}
