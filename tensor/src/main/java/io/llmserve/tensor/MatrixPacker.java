package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Turns stored tensors into [PackedMatrix], straight from the mapped file. No value changes.
public final class MatrixPacker {
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long LOW_NIBBLES = 0x0F0F0F0F0F0F0F0FL;
    private static final int BLOCKS_PER_TASK = 4;

    private MatrixPacker() {}

    /// Packs tensors of equal column count, stacked by rows, into memory of `arena`.
    public static PackedMatrix pack(ComputePool pool, Arena arena, StoredTensor... stack) {
        PackedLayout layout = PackedLayout.of(stack);
        return pack(pool, arena.allocate(layout.bytes(), WeightFormat.LINE_BYTES), stack);
    }

    /// Packs into `target`, which is all zero and has exactly `PackedLayout.of(stack).bytes()` bytes.
    public static PackedMatrix pack(ComputePool pool, MemorySegment target, StoredTensor... stack) {
        PackedMatrix matrix = new PackedMatrix(PackedLayout.of(stack), target);
        for (int i = 0; i < stack.length; i++) {
            StoredTensor tensor = stack[i];
            PackedBand band = matrix.bands()[i];
            check(tensor.rows() == band.rows(), "%s does not fit its band", tensor.name());
            int tasks = (band.blocks() + BLOCKS_PER_TASK - 1) / BLOCKS_PER_TASK;
            pool.parallel(tasks, task -> {
                int end = Math.min(band.blocks(), (task + 1) * BLOCKS_PER_TASK);
                for (int block = task * BLOCKS_PER_TASK; block < end; block++) {
                    packBlock(tensor, band, block);
                }
            });
        }
        return matrix;
    }

    private static void packBlock(StoredTensor tensor, PackedBand band, int block) {
        long rowBytes = tensor.type().bytes(tensor.columns());
        int units = tensor.columns() / tensor.type().blockElements();
        for (int lane = 0; lane < band.rowsOf(block); lane++) {
            long from = (block * (long) WeightFormat.BLOCK_ROWS + lane) * rowBytes;
            long to = band.blockOffset(block) + lane * 4L;
            switch (tensor.type()) {
                case F32 -> words(tensor.data(), from, band.data(), to, tensor.columns());
                case F16, BF16 -> words(tensor.data(), from, band.data(), to, tensor.columns() / 2);
                case Q8_0 -> q8(tensor.data(), from, band.data(), to, units);
                case Q4_0 -> q4Zero(tensor.data(), from, band.data(), to, units);
                case Q4_1 -> q4One(tensor.data(), from, band.data(), to, units);
                case Q4_K -> q4k(tensor.data(), from, band.data(), to, units);
                case Q6_K -> q6k(tensor.data(), from, band.data(), to, units);
            }
        }
    }

    /// Spreads `count` consecutive words over one lane of as many lines.
    private static void words(MemorySegment data, long from, MemorySegment out, long to, int count) {
        for (int i = 0; i < count; i++) {
            out.set(INT, to + (long) i * WeightFormat.LINE_BYTES, data.get(INT, from + i * 4L));
        }
    }

    private static void q8(MemorySegment data, long from, MemorySegment out, long to, int units) {
        int groupBytes = WeightFormat.INT8.groupBytes();
        for (int unit = 0; unit < units; unit++) {
            long at = from + (long) unit * DType.Q8_0.blockBytes();
            long group = to + (long) unit * groupBytes;
            out.set(FLOAT, group, Dequantizer.half(data, at));
            words(data, at + 2, out, group + WeightFormat.LINE_BYTES, 8);
        }
    }

    private static void q4Zero(MemorySegment data, long from, MemorySegment out, long to, int units) {
        for (int unit = 0; unit < units; unit++) {
            long at = from + (long) unit * DType.Q4_0.blockBytes();
            float scale = Dequantizer.half(data, at);
            q4Group(data, at + 2, scale, -8 * scale, out, to + (long) unit * WeightFormat.INT4.groupBytes());
        }
    }

    private static void q4One(MemorySegment data, long from, MemorySegment out, long to, int units) {
        for (int unit = 0; unit < units; unit++) {
            long at = from + (long) unit * DType.Q4_1.blockBytes();
            float scale = Dequantizer.half(data, at);
            float minimum = Dequantizer.half(data, at + 2);
            q4Group(data, at + 4, scale, minimum, out, to + (long) unit * WeightFormat.INT4.groupBytes());
        }
    }

    /// 16 bytes with columns 0 .. 15 in their low nibbles and 16 .. 31 in the high ones.
    private static void q4Group(
            MemorySegment data, long at, float scale, float minimum, MemorySegment out, long group) {
        scales(scale, minimum, out, group);
        for (int j = 0; j < 4; j++) {
            nibbles(data.get(LONG, at + j % 2 * 8L), j < 2 ? LOW_NIBBLES : ~LOW_NIBBLES, out, group, j);
        }
    }

    private static void scales(float scale, float minimum, MemorySegment out, long group) {
        out.set(FLOAT, group, 16 * scale);
        out.set(FLOAT, group + WeightFormat.LINE_BYTES, minimum - 16 * scale);
    }

    /// Line `j` of a group: 8 columns, from a nibble of each of 8 bytes.
    private static void nibbles(long bytes, long mask, MemorySegment out, long group, int j) {
        out.set(INT, group + (2L + j) * WeightFormat.LINE_BYTES, (int) Long.compress(bytes, mask));
    }

    private static void q4k(MemorySegment data, long from, MemorySegment out, long to, int units) {
        for (int i = 0; i < units * 8; i++) {
            long at = from + (long) (i / 8) * DType.Q4_K.blockBytes();
            int group = i % 8;
            long line = to + (long) i * WeightFormat.INT4.groupBytes();
            float scale = Dequantizer.half(data, at) * Dequantizer.k4Scale(data, at + 4, group);
            float minimum = -Dequantizer.half(data, at + 2) * Dequantizer.k4Minimum(data, at + 4, group);
            scales(scale, minimum, out, line);
            long mask = group % 2 == 0 ? LOW_NIBBLES : ~LOW_NIBBLES;
            for (int j = 0; j < 4; j++) {
                nibbles(data.get(LONG, at + 16 + group / 2 * 32L + j * 8L), mask, out, line, j);
            }
        }
    }

    private static void q6k(MemorySegment data, long from, MemorySegment out, long to, int units) {
        for (int i = 0; i < units * 16; i++) {
            long at = from + (long) (i / 16) * DType.Q6_K.blockBytes();
            int group = i % 16;
            long line = to + (long) i * WeightFormat.INT8_16.groupBytes();
            byte scale = data.get(ValueLayout.JAVA_BYTE, at + 192 + group);
            out.set(FLOAT, line, Dequantizer.half(data, at + 208) * scale);
            for (int j = 0; j < 4; j++) {
                int word = 0;
                for (int b = 0; b < 4; b++) {
                    word |= (Dequantizer.q6(data, at, group * 16 + j * 4 + b) & 0xFF) << (8 * b);
                }
                out.set(INT, line + (1L + j) * WeightFormat.LINE_BYTES, word);
            }
        }
    }
}
