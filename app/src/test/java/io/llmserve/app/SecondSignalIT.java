package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.TinyModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The second Ctrl-C, while answers are being streamed.
class SecondSignalIT {
    private static final int STREAMS = 8;
    /// Far more than the buffers between the engine and a client that does not read can hold.
    private static final String QUESTION =
            "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"stream\": true,"
                    + " \"n\": 16, \"max_tokens\": 200, \"ignore_eos\": true, \"logprobs\": true, \"top_logprobs\": 20}";

    @TempDir
    private Path home;

    @Test
    void cutsWhatIsRunningAndEndsAtOnce() throws Exception {
        int port = Distribution.freePort();
        Distribution llmserve =
                new Distribution(Distribution.folder().resolve("bin").resolve("llmserve"), home);
        Process process = llmserve.start(
                "up",
                "--model",
                "file:" + TinyModels.path("llama3-untied.Q8_0"),
                "--port",
                "" + port,
                "--metrics-port",
                "" + Distribution.freePort());
        List<Socket> clients = new ArrayList<>();
        try (BufferedReader output = process.inputReader()) {
            Distribution.awaitReady(output);
            for (int i = 0; i < STREAMS; i++) {
                clients.add(ask(port));
            }
            process.toHandle().destroy();
            assertThat(output.readLine()).matches("Finishing \\d running answers.* Ctrl-C again cuts them\\.");
            process.toHandle().destroy();

            assertThat(output.readLine()).matches("Cut \\d answers\\.");
            assertThat(output.readLine()).isEqualTo("Stopped.");
            assertThat(Distribution.end(process)).isEqualTo(ExitCode.CUT);
        } finally {
            process.destroyForcibly();
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    /// Returns when the answer's first byte has come; reads no more.
    private static Socket ask(int port) throws IOException {
        Socket client = new Socket();
        client.setReceiveBufferSize(4096);
        client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        byte[] body = QUESTION.getBytes(StandardCharsets.UTF_8);
        String head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length + "\r\n\r\n";
        client.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
        client.getOutputStream().write(body);
        assertThat(client.getInputStream().read()).isEqualTo('H');
        return client;
    }
}
