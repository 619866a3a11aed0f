package io.llmserve.transfer;

import static io.llmserve.core.Checks.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the bytes of a page mean. Two workers may exchange pages when all of it is equal.
///
/// @param modelFingerprint names weights and architecture; equal for workers that compute the same keys
/// and values
/// @param dtype how one number is kept, e.g. `f32`, `bf16`
/// @param pagePositions token positions of a page
/// @param pageBytes bytes of a page, all layers
public record PageFormat(
        String modelFingerprint,
        int layers,
        int kvHeads,
        int headDimension,
        String dtype,
        int pagePositions,
        int pageBytes) {
    public PageFormat {
        check(layers > 0 && kvHeads > 0 && headDimension > 0, "a page needs layers, heads and a head dimension");
        check(pagePositions > 0 && pageBytes > 0, "a page needs positions and bytes");
    }

    /// What differs from `theirs`, ours first; empty when pages may be exchanged.
    public Optional<String> difference(PageFormat theirs) {
        List<String> differences = new ArrayList<>();
        compare(differences, "model", modelFingerprint, theirs.modelFingerprint);
        compare(differences, "layers", layers, theirs.layers);
        compare(differences, "kv_heads", kvHeads, theirs.kvHeads);
        compare(differences, "head_dimension", headDimension, theirs.headDimension);
        compare(differences, "dtype", dtype, theirs.dtype);
        compare(differences, "page_positions", pagePositions, theirs.pagePositions);
        compare(differences, "page_bytes", pageBytes, theirs.pageBytes);
        return differences.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", differences));
    }

    private static void compare(List<String> differences, String name, Object ours, Object theirs) {
        if (!ours.equals(theirs)) {
            differences.add("%s is %s here and %s there".formatted(name, ours, theirs));
        }
    }
}
