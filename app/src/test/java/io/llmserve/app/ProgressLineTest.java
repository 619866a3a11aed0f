package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Clock;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final SteppedClock clock = new SteppedClock();

    private ProgressLine progress(boolean interactive) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new ProgressLine(new Terminal(out, interactive, false, 120), clock);
    }

    private String shown() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void showsRateAndTimeLeftOfADownload() {
        ProgressLine progress = progress(true);
        progress.begin("Downloading");
        progress.update(0, 100_000_000, true);
        clock.pass(2_000_000_000L);
        progress.update(40_000_000, 100_000_000, true);

        assertThat(shown()).contains(" 40%  40.0 MB of 100 MB  20.0 MB/s  3 s left");
    }

    @Test
    void countsOnlyWhatThisRunLoadedInTheRate() {
        ProgressLine progress = progress(true);
        progress.begin("Downloading");
        progress.update(80_000_000, 100_000_000, true);
        clock.pass(1_000_000_000L);
        progress.update(90_000_000, 100_000_000, true);

        assertThat(shown()).contains("10.0 MB/s  1 s left");
    }

    @Test
    void showsTheTimeAndWhatIsBeingDone() {
        ProgressLine progress = progress(true);
        progress.begin("Starting 2 workers");
        clock.pass(72_000_000_000L);
        progress.update(1, 2, "decode-1: Loading weights");

        assertThat(shown()).contains("50%  72 s  decode-1: Loading weights");
    }

    @Test
    void writesOneLineForEachStepWhereThereIsNoTerminal() {
        ProgressLine progress = progress(false);
        progress.begin("Downloading");
        for (int i = 0; i < 1000; i++) {
            clock.pass(10_000_000);
            progress.update(i * 10_000L, 10_000_000, true);
        }
        progress.begin("Loading");
        clock.pass(500_000_000);
        progress.finish();

        assertThat(shown()).isEqualTo("Downloading  9.99 MB  10 s\nLoading  0.50 s\n");
    }

    @Test
    void keepsToTheWidthOfTheTerminal() {
        ProgressLine progress = new ProgressLine(
                new Terminal(new PrintStream(bytes, true, StandardCharsets.UTF_8), true, false, 40), clock);
        progress.begin("Downloading " + "x".repeat(100));

        assertThat(shown().replace("\r\033[K", "")).hasSize(39);
    }

    /// A clock that the test moves.
    private static final class SteppedClock implements Clock {
        private long nanos;

        void pass(long span) {
            nanos += span;
        }

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public Instant now() {
            return Instant.EPOCH;
        }
    }
}
