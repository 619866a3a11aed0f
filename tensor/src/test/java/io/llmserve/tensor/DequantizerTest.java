package io.llmserve.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Against vectors made with gguf-py, the reference reader of the format.
class DequantizerTest {
    record Golden(DType type, byte[] bytes, float[] values) {}

    static List<Golden> goldens() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(DequantizerTest.class.getResourceAsStream("ggml-golden.txt")),
                StandardCharsets.UTF_8))) {
            return reader.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" ", -1))
                    .map(part ->
                            new Golden(DType.valueOf(part[0]), HexFormat.of().parseHex(part[1]), floats(part[2])))
                    .toList();
        }
    }

    private static float[] floats(String hex) {
        float[] values = new float[hex.length() / 8];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(HexFormat.fromHexDigits(hex, i * 8, i * 8 + 8));
        }
        return values;
    }

    @Test
    void goldensCoverEveryType() throws IOException {
        Set<DType> seen = EnumSet.noneOf(DType.class);
        goldens().forEach(golden -> seen.add(golden.type()));
        assertThat(seen).containsExactlyInAnyOrder(DType.values());
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void readsWhatGgufReads(Golden golden) {
        assertSame(Dequantizer.floats(tensor(golden)), golden.values());
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void packingChangesNoValue(Golden golden) {
        StoredTensor tensor = tensor(golden);
        try (ComputePool pool = new ComputePool(1);
                Arena arena = Arena.ofConfined()) {
            float[] row = new float[tensor.columns()];
            new Kernels(pool).embed(MatrixPacker.pack(pool, arena, tensor), new int[1], 1, row);
            assertSame(row, golden.values());
        }
    }

    /// Equal numbers; a zero has no sign here.
    private static void assertSame(float[] actual, float[] expected) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i] + 0f).as("column %d", i).isEqualTo(expected[i] + 0f);
        }
    }

    private static StoredTensor tensor(Golden golden) {
        return new StoredTensor(
                "golden", golden.type(), 1, golden.values().length, MemorySegment.ofArray(golden.bytes()));
    }
}
