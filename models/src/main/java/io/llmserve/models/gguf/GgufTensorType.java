package io.llmserve.models.gguf;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import io.llmserve.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Tensor types by the ids of `enum ggml_type` in llama.cpp's ggml.h.
final class GgufTensorType {
    /// Index is the id; empty ids were given up by ggml.
    private static final List<String> NAMES = List.of(
            "F32", "F16", "Q4_0", "Q4_1", "", "", "Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K",
            "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS", "I8", "I16",
            "I32", "I64", "F64", "IQ1_M", "BF16", "", "", "", "TQ1_0", "TQ2_0", "", "", "", "MXFP4");

    private GgufTensorType() {}

    static DType of(Path file, String tensor, int id) {
        if (id < 0 || id >= NAMES.size() || NAMES.get(id).isEmpty()) {
            throw damaged(file, "tensor %s has the unknown type %d", tensor, id);
        }
        String name = NAMES.get(id);
        for (DType type : DType.values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        throw unsupported(file, "tensor %s is %s; supported are %s", tensor, name, Arrays.toString(DType.values()));
    }
}
