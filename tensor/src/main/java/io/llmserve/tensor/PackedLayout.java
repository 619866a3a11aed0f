package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

import java.util.Arrays;
import java.util.List;

/// The shape of a [PackedMatrix]: bands of rows, one below the other, each in its own format. With this and the
/// bytes, packed weights can be written to a file and mapped again.
///
/// @param columns a multiple of 32
public record PackedLayout(int columns, List<Band> bands) {
    public PackedLayout {
        bands = List.copyOf(bands);
        check(columns > 0 && columns % 32 == 0, "packed weights need a multiple of 32 columns, got %d", columns);
        check(!bands.isEmpty(), "a packed matrix needs at least one band");
    }

    /// Rows of one format.
    public record Band(WeightFormat format, int rows) {
        public Band {
            check(rows > 0, "a band needs rows, got %d", rows);
        }
    }

    /// Each tensor a band, in the format that keeps its values.
    public static PackedLayout of(StoredTensor... stack) {
        check(stack.length > 0, "nothing to pack");
        for (StoredTensor tensor : stack) {
            check(
                    tensor.columns() == stack[0].columns(),
                    "%s has %d columns, %s has %d: they cannot be stacked",
                    tensor.name(),
                    tensor.columns(),
                    stack[0].name(),
                    stack[0].columns());
        }
        return new PackedLayout(
                stack[0].columns(),
                Arrays.stream(stack)
                        .map(tensor -> new Band(WeightFormat.of(tensor.type()), tensor.rows()))
                        .toList());
    }

    public int rows() {
        return bands.stream().mapToInt(Band::rows).sum();
    }

    public long bytes() {
        return bands.stream()
                .mapToLong(band -> band.format().bytes(band.rows(), columns))
                .sum();
    }
}
