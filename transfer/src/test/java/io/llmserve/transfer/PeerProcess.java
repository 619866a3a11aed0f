package io.llmserve.transfer;

import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageMemory;
import io.llmserve.transfer.nccl.RealNccl;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.LongStream;

/// A prefill worker in a process of its own, which can be killed: transfer `r` has so many pages, the
/// first of them ready.
final class PeerProcess implements AutoCloseable {
    private static volatile long lastKilled = -1;

    private final Process process;
    private final int port;

    private PeerProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    static TransferOptions options(EngineKind kind) {
        TransferOptions options = switch (kind) {
            case NIXL, UCX -> NativePeers.options();
            case NCCL -> NativePeers.nccl();
            case SHM, TCP -> TestPair.OPTIONS;
        };
        return options.withEngineOrder(kind);
    }

    static PeerProcess start(EngineKind kind, int pageBytes, int pages, int ready) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PeerProcess.class.getName(),
                        kind.wireName(),
                        "" + pageBytes,
                        "" + pages,
                        "" + ready)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("port ")) {
                return new PeerProcess(process, Integer.parseInt(line.substring(5)));
            }
        }
        throw new IOException("the peer did not start");
    }

    PeerAddress address() {
        return new PeerAddress("127.0.0.1", port);
    }

    /// `kill -9`, and waits until it is gone.
    void kill() {
        lastKilled = process.pid();
        process.destroyForcibly().onExit().join();
    }

    static long lastKilled() {
        return lastKilled;
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            process.waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /// Until its standard input ends.
    public static void main(String[] arguments) throws IOException {
        EngineKind kind = EngineKind.byName(arguments[0]).orElseThrow();
        int pageBytes = Integer.parseInt(arguments[1]);
        int pages = Integer.parseInt(arguments[2]);
        TransferOptions options = options(kind);
        if (kind == EngineKind.NCCL) {
            RealNccl.allowOneGpu();
        }
        FakeExports exports = new FakeExports();
        exports.publish(
                        "r",
                        LongStream.range(0, pages).map(page -> page * pageBytes).toArray())
                .ready(Integer.parseInt(arguments[3]));
        try (PageMemory memory = PageMemory.allocate((long) pageBytes * pages);
                DataEngines engines = DataEngines.open(options, memory);
                TransferServer server = TransferServer.start(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        TestPair.ENGINE_ID,
                        TestPair.format(pageBytes),
                        engines,
                        exports,
                        options,
                        TransferListener.NONE)) {
            TestPair.fill(memory.segment(), 7);
            System.out.println("port " + server.port());
            var _ = System.in.readAllBytes();
        }
    }
}
