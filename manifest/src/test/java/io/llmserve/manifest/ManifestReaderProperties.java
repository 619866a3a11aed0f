package io.llmserve.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;

class ManifestReaderProperties {
    private static final String GARBAGE = "{}[]:,-&*!|>'\"%@`#? \n\t\u0000\u0085\ud83dx1";

    /// Whatever is done to a manifest, the reader accepts it or says what is wrong; it never throws.
    @ParameterizedTest
    @Seeds(300)
    void neverThrowsOnDamagedText(long seed) throws IOException {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder(Files.readString(Path.of("..", "llmserve.yaml")));
        for (int edit = random.nextInt(6); edit >= 0; edit--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(3)) {
                case 0 -> text.setCharAt(at, GARBAGE.charAt(random.nextInt(GARBAGE.length())));
                case 1 -> text.insert(at, GARBAGE.charAt(random.nextInt(GARBAGE.length())));
                default -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(40)));
            }
        }

        ManifestReading reading = new ManifestReader(Map.of()).readText("damaged.yaml", text.toString());

        if (reading instanceof ManifestReading.Rejected rejected) {
            assertThat(rejected.problems()).isNotEmpty();
        }
    }
}
