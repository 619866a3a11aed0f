package io.llmserve.models.gguf;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelReader;
import io.llmserve.testkit.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GgufFileTest {
    @TempDir
    Path folder;

    static Iterable<String> allModels() {
        return TinyModels.names();
    }

    @ParameterizedTest
    @MethodSource("allModels")
    void opensEveryFormatAndArchitecture(String name) {
        ModelReader.open(TinyModels.path(name)).tensors().close();
    }

    @Test
    void refusesOtherFilesAndVersions() {
        refused(new byte[0], "the magic number needs 4 bytes at byte 0, but the file ends at byte 0");
        refused("PK\3\4 and more".getBytes(java.nio.charset.StandardCharsets.US_ASCII), "does not begin with GGUF");
        refused(GgufBytes.header(1, 0, 0).toBytes(), "it is GGUF version 1; supported are 2 and 3");
        refused(GgufBytes.header(Integer.reverseBytes(3), 0, 0).toBytes(), "it is big-endian");
    }

    @Test
    void refusesCountsThatNoFileOfThatSizeHas() {
        refused(
                GgufBytes.header(3, 1L << 40, 0).toBytes(),
                "the tensor count at byte 8 is 1099511627776, but at most 0");
        refused(GgufBytes.header(3, 0, -1).toBytes(), "the metadata count at byte 16 is 18446744073709551615");
        refused(
                GgufBytes.header(3, 0, 1)
                        .text("k")
                        .int32(9)
                        .int32(4)
                        .int64(1L << 33)
                        .zeros(64)
                        .toBytes(),
                "k at byte 41 is 8589934592, but at most 16 are possible");
        refused(
                GgufBytes.header(3, 0, 1).int64(Long.MAX_VALUE).zeros(64).toBytes(),
                "a metadata key at byte 24 has 9223372036854775807 bytes, at most 65535 are allowed");
        refused(GgufBytes.header(3, 0, 1).text("k").int32(9).int32(9).zeros(64).toBytes(), "k is a list of lists");
        refused(GgufBytes.header(3, 0, 1).text("k").int32(77).zeros(64).toBytes(), "k has the unknown value type 77");
    }

    @Test
    void refusesTensorsThatLieOutside() {
        refused(tensor(0, 0, 1L << 62), "tensor t has 4611686018427387904 as dimension 0");
        refused(tensor(0, 0, Integer.MAX_VALUE, Integer.MAX_VALUE), "tensor t [2147483647, 2147483647] F32 needs");
        refused(tensor(0, 64, 32), "tensor t [1, 32] F32 needs 128 bytes at offset 64 (a multiple of 32)");
        refused(tensor(0, 1, 8), "at offset 1 (a multiple of 32)");
        refused(tensor(0, -32, 8), "at offset 18446744073709551584 (a multiple of 32)");
        refused(tensor(8, 0, 33), "tensor t has 33 columns, which do not fill blocks of Q8_0");
    }

    @Test
    void refusesOtherTensorTypesByName() {
        refused(
                tensor(13, 0, 256),
                "cannot be served: tensor t is Q5_K; supported are [F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K, Q6_K]");
        refused(tensor(4, 0, 256), "tensor t has the unknown type 4");
    }

    @Test
    void refusesOtherArchitecturesByName() {
        refused(
                GgufBytes.header(3, 0, 1)
                        .textValue("general.architecture", "gemma2")
                        .toBytes(),
                "its architecture is gemma2; supported in GGUF are llama, qwen2, qwen3");
        refused(GgufBytes.header(3, 0, 0).toBytes(), "metadata has no general.architecture");
    }

    @Test
    void refusesATruncatedFileNamingTheTensor() throws IOException {
        byte[] whole = Files.readAllBytes(TinyModels.path("qwen2.Q4_0"));
        refused(Arrays.copyOf(whole, whole.length - 100), "is damaged: tensor ");
    }

    /// A file with one tensor and 128 bytes of numbers.
    private static byte[] tensor(int type, long offset, long... dimensions) {
        return GgufBytes.header(3, 1, 0)
                .tensor("t", type, offset, dimensions)
                .zeros(128)
                .toBytes();
    }

    private void refused(byte[] bytes, String message) {
        Path file = folder.resolve("x.gguf");
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        assertThatThrownBy(() -> ModelReader.open(file))
                .isInstanceOf(ServeException.class)
                .hasFieldOrPropertyWithValue("failure", Failure.CORRUPT)
                .hasMessageContaining("x.gguf")
                .hasMessageContaining(message);
    }
}
