package io.llmserve.app;

import io.llmserve.core.Clock;
import io.llmserve.manifest.Manifest;
import io.llmserve.manifest.ManifestReader;
import io.llmserve.manifest.Setting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The run that [StartTuning] records: what `up` does, on free ports, with a few answers; then it ends.
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {
    private static final int ANSWERS = 3;
    private static final int ANSWER_TOKENS = 48;

    @Option(names = "--model", required = true)
    private String model = "";

    @Override
    public Integer call() throws IOException {
        Manifest manifest = manifest(freePort(), freePort());
        ProgressLine progress = new ProgressLine(Terminal.standardError(), Clock.SYSTEM);
        try (LocalStack stack = new LocalStack(manifest.spec(), List.of(), progress)) {
            new Banner(manifest.spec(), stack).lines(Terminal.standardError());
            for (int answer = 0; answer < ANSWERS; answer++) {
                new FirstQuestion(stack.port(), stack.chats()).nanosOfFirstToken(ANSWER_TOKENS, Clock.SYSTEM);
            }
        }
        return ExitCode.DONE;
    }

    private Manifest manifest(int port, int metricsPort) {
        return new ManifestReader(Map.of(
                        "spec.models.primary.id", new Setting("--model", model),
                        "spec.kv_cache.size", new Setting("train", "64MiB"),
                        "spec.server.port", new Setting("train", Integer.toString(port)),
                        "spec.server.metrics_port", new Setting("train", Integer.toString(metricsPort))))
                .readNothing()
                .orThrow();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
