package io.llmserve.engine;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What the operating system can still give, so that too large a demand is one clear sentence and not a killed
/// process.
public final class AvailableMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private AvailableMemory() {}

    /// Fails (EXHAUSTED), naming both numbers, where `bytes` exceed what is available; where that is not known,
    /// passes.
    public static void require(long bytes, String subject) {
        long available = bytes();
        if (bytes > available) {
            throw new ServeException(
                    Failure.EXHAUSTED,
                    "%s needs %,d MB of memory, but only %,d MB are available"
                            .formatted(subject, bytes >> 20, available >> 20));
        }
    }

    private static long bytes() {
        try {
            return Files.isReadable(MEMINFO) ? parse(Files.readAllLines(MEMINFO)) : Long.MAX_VALUE;
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    /// `MemAvailable:   20265536 kB`
    static long parse(List<String> lines) {
        for (String line : lines) {
            if (line.startsWith("MemAvailable:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        return Long.MAX_VALUE;
    }
}
