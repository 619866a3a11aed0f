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
import java.util.function.DoubleSupplier;

/// Moves the same pages between the same two processes in several ways: by a data engine as workers use
/// it (checksums, control connection and all), through a plain socket, and by copying within this
/// process. The median of some rounds.
///
/// @param bytes moved in one round
record TransferBench(int streams, long bytes, int rounds) {
    /// Small transfers before anything is measured: a worker is long-lived, and so its code is compiled.
    private static final int WARM_TRANSFERS = 400;

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
            double engine = median(() -> rate(fetch(client, peer, pages, pageBytes)));
            double latency =
                    median(() -> fetch(client, peer, 1, pageBytes).elapsed().toNanos() / 1e3);
            double copy = median(() -> copy(source.segment(), memory.segment(), pageBytes));
            double socket = socket(sender.plainPort(), memory.segment(), pageBytes);
            return new Figures(used, engine, socket, copy, latency);
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
        return client.fetch(peer, PageSender.ENGINE_ID, "" + pages, sink, Deadline.after(Duration.ofSeconds(60)));
    }

    private static double copy(MemorySegment from, MemorySegment to, int pageBytes) {
        long start = System.nanoTime();
        for (long at = 0; at + pageBytes <= to.byteSize(); at += pageBytes) {
            MemorySegment.copy(from, at, to, at, pageBytes);
        }
        return to.byteSize() * 1e9 / (System.nanoTime() - start);
    }

    /// One connection, read page by page into page memory: what the network stack gives at best.
    private double socket(int port, MemorySegment pages, int pageBytes) throws IOException {
        try (SocketChannel channel =
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
            pour(channel, pages, pageBytes);
            double[] rates = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                long start = System.nanoTime();
                long count = pour(channel, pages, pageBytes);
                rates[round] = count * 1e9 / (System.nanoTime() - start);
            }
            return median(rates);
        }
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

    private double median(DoubleSupplier figure) {
        for (int round = 0; round < 3; round++) {
            double _ = figure.getAsDouble();
        }
        double[] figures = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            figures[round] = figure.getAsDouble();
        }
        return median(figures);
    }

    private static double median(double[] figures) {
        Arrays.sort(figures);
        return figures[figures.length / 2];
    }
}
