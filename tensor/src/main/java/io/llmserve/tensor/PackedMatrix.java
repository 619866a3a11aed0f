package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

import java.lang.foreign.MemorySegment;

/// Weights `[rows, columns]` in the form the kernels read. `data` is owned by whoever allocated or mapped it,
/// has exactly the layout's bytes and is best aligned to 64.
public final class PackedMatrix {
    private final PackedLayout layout;
    private final MemorySegment data;
    private final PackedBand[] bands;

    public PackedMatrix(PackedLayout layout, MemorySegment data) {
        check(
                data.byteSize() == layout.bytes(),
                "packed weights [%d, %d] need %d bytes, got %d",
                layout.rows(),
                layout.columns(),
                layout.bytes(),
                data.byteSize());
        this.layout = layout;
        this.data = data;
        this.bands = new PackedBand[layout.bands().size()];
        long offset = 0;
        int row = 0;
        for (int i = 0; i < bands.length; i++) {
            PackedLayout.Band band = layout.bands().get(i);
            long bytes = band.format().bytes(band.rows(), layout.columns());
            bands[i] = new PackedBand(band.format(), band.rows(), layout.columns(), row, data.asSlice(offset, bytes));
            offset += bytes;
            row += band.rows();
        }
    }

    public PackedLayout layout() {
        return layout;
    }

    /// The bytes to write to a cache.
    public MemorySegment data() {
        return data;
    }

    public int rows() {
        return layout.rows();
    }

    public int columns() {
        return layout.columns();
    }

    PackedBand[] bands() {
        return bands;
    }

    PackedBand bandOf(int row) {
        for (PackedBand band : bands) {
            if (row < band.firstRow() + band.rows()) {
                return band;
            }
        }
        throw new IndexOutOfBoundsException("row " + row + " of " + rows());
    }
}
