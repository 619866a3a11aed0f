package io.llmserve.tensor;

import static io.llmserve.core.Checks.check;

/// The operations of a forward pass, on a [ComputePool]. Activations are f32 arrays, row-major, `[rows,
/// width]`.
///
/// A result never depends on the other rows of a call, on the threads, or on the vector width: the order of
/// every sum is fixed, and [ScalarKernels] is the specification that each implementation meets bit for bit. One
/// thread calls at a time.
public final class Kernels {
    /// Of a matrix product, so that threads end together; of one with groups of rows less for each group, so that a
    /// task has several panels for the rows that it holds in its cache.
    private static final int TASKS_PER_THREAD = 16;
    private static final int TASKS_PER_THREAD_AND_GROUP = 4;
    private static final int ELEMENTS_PER_TASK = 16 * 1024;

    private final ComputePool pool;
    private final KernelSet set;
    private final AttentionTiles tiles = new AttentionTiles();

    public Kernels(ComputePool pool) {
        this(pool, fastest());
    }

    Kernels(ComputePool pool, KernelSet set) {
        this.pool = pool;
        this.set = set;
    }

    private static KernelSet fastest() {
        boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        return vectors ? new VectorKernels() : new ScalarKernels();
    }

    /// How the kernels compute, for build information: `scalar` or the vector width.
    public String description() {
        return set.description();
    }

    /// `y = x wT`: x `[rows, w.columns]`, y `[rows, w.rows]`.
    public void matmul(PackedMatrix w, float[] x, int rows, float[] y) {
        checkFits("x", x, rows, w.columns());
        checkFits("y", y, rows, w.rows());
        int stride = w.rows();
        int groups = (rows + KernelSet.ROWS_AT_ONCE - 1) / KernelSet.ROWS_AT_ONCE;
        int perThread = groups > 1 ? TASKS_PER_THREAD_AND_GROUP : TASKS_PER_THREAD;
        int blocks = rows == 1 ? KernelSet.ROW_BLOCKS : KernelSet.MATRIX_BLOCKS;
        for (PackedBand band : w.bands()) {
            int units = (band.blocks() + blocks - 1) / blocks;
            int shares = Math.min(units, perThread * pool.threads());
            pool.parallel(groups * shares, task -> {
                int from = blocks * share(units, shares, task % shares);
                int to = blocks * share(units, shares, task % shares + 1);
                int fromRow = share(rows, groups, task / shares);
                int toRow = share(rows, groups, task / shares + 1);
                set.matmul(band, from, Math.min(band.blocks(), to), x, fromRow, toRow - fromRow, y, stride);
            });
        }
    }

    private static int share(int items, int tasks, int task) {
        return (int) ((long) items * task / tasks);
    }

    /// `out[i] = w[tokens[i]]`, out `[count, w.columns]`.
    public void embed(PackedMatrix w, int[] tokens, int count, float[] out) {
        checkFits("out", out, count, w.columns());
        parallelRows(count, w.columns(), row -> embedRow(w, tokens[row], out, row * w.columns()));
    }

    private static void embedRow(PackedMatrix w, int token, float[] out, int at) {
        PackedBand band = w.bandOf(token);
        int row = token - band.firstRow();
        long block = band.blockOffset(row / WeightFormat.BLOCK_ROWS) + row % WeightFormat.BLOCK_ROWS * 4L;
        int groupColumns = band.format().groupColumns();
        for (int column = 0; column < w.columns(); column++) {
            long group = block + (long) (column / groupColumns) * band.format().groupBytes();
            out[at + column] = ScalarKernels.weight(band.format(), band.data(), group, column % groupColumns);
        }
    }

    /// RMS norm (arXiv 1910.07467) of each row of x `[rows, width]` into y, which may be x.
    public void rmsNorm(float[] x, int rows, float[] weight, float epsilon, float[] y) {
        int width = weight.length;
        checkNorm(width);
        checkFits("x", x, rows, width);
        checkFits("y", y, rows, width);
        parallelRows(rows, width, row -> set.rmsNorm(x, row * width, width, weight, epsilon, y, row * width));
    }

    /// RMS norm of each head by itself, in place (Qwen3's q and k).
    public void rmsNormHeads(Heads x, int rows, float[] weight, float epsilon) {
        checkNorm(weight.length);
        check(weight.length == x.dimension(), "%d weights for heads of %d", weight.length, x.dimension());
        x.checkRows(rows);
        parallelRows(rows, x.count() * x.dimension(), row -> {
            for (int head = 0; head < x.count(); head++) {
                int at = x.at(row, head);
                set.rmsNorm(x.values(), at, x.dimension(), weight, epsilon, x.values(), at);
            }
        });
    }

    private static void checkNorm(int width) {
        check(width > 0 && width % 16 == 0, "a norm's width must be a multiple of 16, got %d", width);
    }

    /// Rotates each head of x by its row's position, in place.
    public void rope(RopeTable table, Batch batch, Heads x) {
        check(table.dimension() <= x.dimension(), "RoPE of %d on heads of %d", table.dimension(), x.dimension());
        x.checkRows(batch.rows());
        for (int span = 0; span < batch.spans(); span++) {
            int end = batch.span(span).endPosition();
            check(end <= table.positions(), "position %d is beyond the RoPE table's %d", end - 1, table.positions());
        }
        parallelRows(batch.rows(), x.count() * x.dimension(), row -> {
            for (int head = 0; head < x.count(); head++) {
                table.rotate(x.values(), x.at(row, head), batch.position(row));
            }
        });
    }

    /// Puts keys and values of each row into the row's page. Whoever fills a page begins with its first
    /// position.
    public void writeKv(KvCache cache, int layer, Batch batch, Heads keys, Heads values) {
        checkKv(cache, keys);
        checkKv(cache, values);
        keys.checkRows(batch.rows());
        values.checkRows(batch.rows());
        parallelRows(
                batch.rows(),
                2 * keys.count() * keys.dimension(),
                row -> KvWriter.write(cache, layer, batch, keys, values, row));
    }

    private static void checkKv(KvCache cache, Heads heads) {
        KvLayout layout = cache.layout();
        check(
                heads.count() == layout.kvHeads() && heads.dimension() == layout.headDimension(),
                "%d heads of %d for a cache of %d heads of %d",
                heads.count(),
                heads.dimension(),
                layout.kvHeads(),
                layout.headDimension());
    }

    /// Causal attention of each row over its sequence's pages, up to its own position; keys and values of all
    /// rows are written before. `queries` has `group * kvHeads` heads; out `[rows, queries.count * dimension]`.
    public void attend(KvCache cache, int layer, Batch batch, AttentionShape shape, Heads queries, float[] out) {
        int dimension = cache.layout().headDimension();
        check(
                queries.count() == shape.group() * cache.layout().kvHeads() && queries.dimension() == dimension,
                "%d query heads of %d do not match the cache",
                queries.count(),
                queries.dimension());
        queries.checkRows(batch.rows());
        checkFits("out", out, batch.rows(), queries.count() * dimension);
        new AttentionRun(set, tiles, cache, layer, batch, shape, queries, out).runOn(pool);
    }

    /// `y[r, i] = silu(x[r, i]) * x[r, width + i]`: x `[rows, 2 width]` (gate, then up), y `[rows, width]`.
    public void siluProduct(float[] x, int rows, int width, float[] y) {
        check(width % 16 == 0, "the width must be a multiple of 16, got %d", width);
        checkFits("x", x, rows, 2 * width);
        checkFits("y", y, rows, width);
        parallelRows(
                rows,
                2 * width,
                row -> set.siluProduct(x, row * 2 * width, row * 2 * width + width, width, y, row * width));
    }

    /// `x[i] += y[i]` for `[rows, width]`.
    public void add(float[] x, float[] y, int rows, int width) {
        checkFits("x", x, rows, width);
        checkFits("y", y, rows, width);
        parallelRows(rows, width, row -> addRow(x, row * width, y, row * width, width));
    }

    /// `x[r, i] += bias[i]`, x `[rows, bias.length]`.
    public void addBias(float[] x, float[] bias, int rows) {
        checkFits("x", x, rows, bias.length);
        parallelRows(rows, bias.length, row -> addRow(x, row * bias.length, bias, 0, bias.length));
    }

    private static void addRow(float[] x, int xAt, float[] y, int yAt, int width) {
        for (int i = 0; i < width; i++) {
            x[xAt + i] += y[yAt + i];
        }
    }

    /// Runs cheap row work: on this thread alone where there is little of it.
    private void parallelRows(int rows, int width, ComputePool.Task work) {
        int tasks = (int) Math.min(rows, (long) rows * width / ELEMENTS_PER_TASK);
        if (tasks <= 1) {
            for (int row = 0; row < rows; row++) {
                work.run(row);
            }
            return;
        }
        pool.parallel(tasks, task -> {
            for (int row = share(rows, tasks, task); row < share(rows, tasks, task + 1); row++) {
                work.run(row);
            }
        });
    }

    private static void checkFits(String name, float[] array, int rows, int width) {
        check(array.length >= (long) rows * width, "%s has %d floats, needs [%d, %d]", name, array.length, rows, width);
    }
}
