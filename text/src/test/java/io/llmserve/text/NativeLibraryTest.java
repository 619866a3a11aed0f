package io.llmserve.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// In processes of their own, because a library is loaded once a process.
class NativeLibraryTest {
    @TempDir
    private Path directory;

    /// Encodes with the tokenizer whose cache is the first argument.
    static final class Encoder {
        private Encoder() {}

        public static void main(String[] arguments) {
            Tokenizer tokenizer = Tokenizer.load(SmolLm2.vocabulary(), Path.of(arguments[0]));
            System.out.print(tokenizer.encode("The capital of France is", Specials.PARSE, false).length);
        }
    }

    @Test
    void keepsTheLibraryInTheCacheAndWritesNothingElse() throws Exception {
        Path cache = directory.resolve("cache");
        assertThat(encode(cache)).isEqualTo("5");
        assertThat(filesBelow(cache)).hasSize(1);
        assertThat(filesBelow(home())).isEmpty();
        assertThat(filesBelow(temporary())).isEmpty();
        assertThat(encode(cache)).isEqualTo("5");
    }

    @Test
    void replacesADamagedLibrary() throws Exception {
        Path cache = directory.resolve("cache");
        encode(cache);
        Path library = filesBelow(cache).getFirst();
        long size = Files.size(library);
        Files.write(library, new byte[] {1, 2, 3});
        assertThat(encode(cache)).isEqualTo("5");
        assertThat(library).hasSize(size);
    }

    @Test
    void worksWithoutACacheThatCanBeWritten() throws Exception {
        Path cache = Files.createFile(directory.resolve("a-file"));
        assertThat(encode(cache)).isEqualTo("5");
        assertThat(filesBelow(temporary())).isEmpty();
    }

    /// What the process prints, on standard output and error together.
    private String encode(Path cache) throws IOException, InterruptedException {
        Files.createDirectories(home());
        Files.createDirectories(temporary());
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-Djava.io.tmpdir=" + temporary(),
                "-Duser.home=" + home(),
                "-cp",
                System.getProperty("java.class.path"),
                Encoder.class.getName(),
                cache.toString()));
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.put("HOME", home().toString());
        Process process = builder.redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return printed;
    }

    private Path home() {
        return directory.resolve("home");
    }

    private Path temporary() {
        return directory.resolve("temporary");
    }

    private static List<Path> filesBelow(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }
}
