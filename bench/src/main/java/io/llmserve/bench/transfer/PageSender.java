package io.llmserve.bench.transfer;

import io.llmserve.transfer.DataEngines;
import io.llmserve.transfer.PageFormat;
import io.llmserve.transfer.TransferListener;
import io.llmserve.transfer.TransferOptions;
import io.llmserve.transfer.TransferServer;
import io.llmserve.transfer.data.EngineKind;
import io.llmserve.transfer.data.PageMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The other process: serves page memory by one data engine, and by a plain socket that knows nothing but
/// to write. Transfer `n` has `n` pages.
final class PageSender implements AutoCloseable {
    static final String ENGINE_ID = "bench";

    private final Process process;
    private final int port;
    private final int plainPort;

    private PageSender(Process process, int port, int plainPort) {
        this.process = process;
        this.port = port;
        this.plainPort = plainPort;
    }

    static PageFormat format(int pageBytes) {
        return new PageFormat("bench", 1, 1, 16, "f32", 16, pageBytes);
    }

    static TransferOptions options(EngineKind engine, int streams) {
        return TransferOptions.DEFAULT.withEngineOrder(engine).withStreams(streams);
    }

    static PageSender start(EngineKind engine, int pageBytes, long bytes) throws IOException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PageSender.class.getName(),
                        engine.wireName(),
                        "" + pageBytes,
                        "" + bytes))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("ports ")) {
                String[] ports = line.split(" ", -1);
                return new PageSender(process, Integer.parseInt(ports[1]), Integer.parseInt(ports[2]));
            }
        }
        throw new IOException("the sending process did not start");
    }

    int port() {
        return port;
    }

    int plainPort() {
        return plainPort;
    }

    /// Its standard input ends, and so does it.
    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        process.onExit().join();
    }

    public static void main(String[] arguments) throws IOException {
        EngineKind engine = EngineKind.byName(arguments[0]).orElseThrow();
        int pageBytes = Integer.parseInt(arguments[1]);
        long bytes = Long.parseLong(arguments[2]);
        TransferOptions options = options(engine, 1);
        InetAddress here = InetAddress.getLoopbackAddress();
        try (PageMemory memory = PageMemory.allocate(bytes);
                DataEngines engines = DataEngines.open(options, memory);
                ServerSocketChannel plain = ServerSocketChannel.open().bind(new InetSocketAddress(here, 0));
                TransferServer server = TransferServer.start(
                        new InetSocketAddress(here, 0),
                        ENGINE_ID,
                        format(pageBytes),
                        engines,
                        (id, _) -> Optional.of(new AllReady(Integer.parseInt(id), pageBytes)),
                        options,
                        TransferListener.NONE)) {
            memory.segment().fill((byte) 1);
            Thread.ofPlatform().daemon().start(() -> pour(plain, memory.segment(), pageBytes));
            System.out.println(
                    "ports %d %d".formatted(server.port(), plain.socket().getLocalPort()));
            var _ = System.in.readAllBytes();
        }
    }

    /// Writes all pages again and again to whoever connects.
    private static void pour(ServerSocketChannel plain, MemorySegment pages, int pageBytes) {
        while (plain.isOpen()) {
            try (SocketChannel channel = plain.accept()) {
                while (true) {
                    for (long at = 0; at + pageBytes <= pages.byteSize(); at += pageBytes) {
                        ByteBuffer page = pages.asSlice(at, pageBytes).asByteBuffer();
                        while (page.hasRemaining()) {
                            channel.write(page);
                        }
                    }
                }
            } catch (IOException e) {
                // The reader has enough.
            }
        }
    }
}
