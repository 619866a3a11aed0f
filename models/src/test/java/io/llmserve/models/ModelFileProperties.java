package io.llmserve.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.ServeException;
import io.llmserve.testkit.Seeds;
import io.llmserve.testkit.TinyModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/// A damaged file opens, or ends in a failure that names it: no other exception, no crash, no memory beyond its size.
class ModelFileProperties {
    /// What the first bytes of a format mean decides most; the numbers behind them mean nothing to a reader.
    private static final int FRONT_BYTES = 12_000;

    private static final long[] ABSURD = {
        -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, (1L << 31) - 1, 1L << 60, 0, 0x7FFF_FFFFL << 3
    };

    @TempDir
    Path folder;

    @ParameterizedTest
    @Seeds(600)
    void refusesDamagedGguf(long seed) throws IOException {
        Random random = new Random(seed);
        Path file = folder.resolve("x.gguf");
        String name = TinyModels.GGUF_FILES.get(random.nextInt(TinyModels.GGUF_FILES.size()));
        Files.write(file, damaged(random, Files.readAllBytes(TinyModels.path(name))));
        openOrRefuse(file, file);
    }

    @ParameterizedTest
    @Seeds(300)
    void refusesDamagedSafetensors(long seed) throws IOException {
        damageOneFile(seed, "qwen3", "model.safetensors");
    }

    @ParameterizedTest
    @Seeds(200)
    void refusesADamagedShardIndex(long seed) throws IOException {
        damageOneFile(seed, "llama3-untied", "model.safetensors.index.json");
    }

    @ParameterizedTest
    @Seeds(300)
    void refusesADamagedConfiguration(long seed) throws IOException {
        damageOneFile(
                seed,
                "llama3-untied",
                new String[] {"config.json", "generation_config.json", "tokenizer_config.json"}[(int) (seed % 3)]);
    }

    private void damageOneFile(long seed, String model, String file) throws IOException {
        Path directory = Files.createTempDirectory(folder, model);
        try (Stream<Path> files = Files.list(TinyModels.path(model))) {
            for (Path each : files.toList()) {
                Files.copy(each, directory.resolve(each.getFileName().toString()));
            }
        }
        Path target = directory.resolve(file);
        Files.write(target, damaged(new Random(seed), Files.readAllBytes(target)));
        openOrRefuse(directory, folder);
    }

    private static void openOrRefuse(Path model, Path named) throws IOException {
        try {
            ModelReader.open(model).tensors().close();
        } catch (ServeException e) {
            assertThat(e.getMessage()).contains(named.toRealPath().toString());
        }
    }

    private static byte[] damaged(Random random, byte[] bytes) {
        int front = Math.min(FRONT_BYTES, bytes.length);
        return switch (random.nextInt(4)) {
            case 0 -> java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> {
                for (int i = random.nextInt(8); i >= 0; i--) {
                    bytes[random.nextInt(front)] ^= (byte) (1 << random.nextInt(8));
                }
                yield bytes;
            }
            case 2 -> {
                int at = random.nextInt(front - 8);
                ByteBuffer.wrap(bytes)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(at, ABSURD[random.nextInt(ABSURD.length)]);
                yield bytes;
            }
            default -> {
                int from = random.nextInt(front);
                int length = random.nextInt(Math.min(64, bytes.length - from));
                System.arraycopy(bytes, from, bytes, random.nextInt(front - Math.min(front, length) + 1), length);
                yield bytes;
            }
        };
    }
}
