package io.llmserve.models.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PythonVersionTest {
    /// The order that PEP 440 gives as its example, and epochs.
    private static final List<String> ASCENDING = List.of(
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1.10",
            "2025.1",
            "1!0.1");

    @Test
    void ordersAsPep440Says() {
        List<PythonVersion> versions = ASCENDING.stream()
                .map(text -> PythonVersion.parse(text).orElseThrow())
                .toList();
        assertThat(versions.reversed().stream().sorted().map(PythonVersion::text))
                .containsExactlyElementsOf(ASCENDING);
    }

    @Test
    void takesSpellingsOfOneVersionForTheSame() {
        PythonVersion plain = PythonVersion.parse("1.0").orElseThrow();
        for (String spelling : List.of("1", "1.0.0", "v1.0", " 1.0 ")) {
            assertThat(PythonVersion.parse(spelling).orElseThrow().sameAs(plain))
                    .as(spelling)
                    .isTrue();
        }
        assertThat(PythonVersion.parse("1.0-alpha.1")
                        .orElseThrow()
                        .sameAs(PythonVersion.parse("1.0a1").orElseThrow()))
                .isTrue();
        assertThat(PythonVersion.parse("1.0-1").orElseThrow().post()).isEqualTo(Optional.of(java.math.BigInteger.ONE));
    }

    @Test
    void knowsWhatIsNoVersion() {
        for (String text : List.of("", "x", "1..2", "1.0x", "1.0+", "9".repeat(300))) {
            assertThat(PythonVersion.parse(text)).as(text).isEmpty();
        }
    }
}
