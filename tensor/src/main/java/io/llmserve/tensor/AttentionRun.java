package io.llmserve.tensor;

/// One call of attention, cut into tasks: a task is a tile of queries of one span and key-value head. Tiles
/// with the longest context come first, so that threads end together.
final class AttentionRun implements ComputePool.Task {
    private final KernelSet set;
    private final ThreadLocal<AttentionTile> tiles;
    private final KvCache cache;
    private final int layer;
    private final Batch batch;
    private final AttentionShape shape;
    private final Heads queries;
    private final float[] out;
    /// First task of each span, and the number of tasks at the end.
    private final int[] firstTasks;

    AttentionRun(
            KernelSet set,
            ThreadLocal<AttentionTile> tiles,
            KvCache cache,
            int layer,
            Batch batch,
            AttentionShape shape,
            Heads queries,
            float[] out) {
        this.set = set;
        this.tiles = tiles;
        this.cache = cache;
        this.layer = layer;
        this.batch = batch;
        this.shape = shape;
        this.queries = queries;
        this.out = out;
        this.firstTasks = new int[batch.spans() + 1];
        for (int span = 0; span < batch.spans(); span++) {
            firstTasks[span + 1] =
                    firstTasks[span] + tilesOf(span) * cache.layout().kvHeads();
        }
    }

    int tasks() {
        return firstTasks[firstTasks.length - 1];
    }

    private int tilesOf(int span) {
        int count = batch.span(span).rows() * shape.group();
        return (count + AttentionTile.QUERIES - 1) / AttentionTile.QUERIES;
    }

    @Override
    public void run(int index) {
        int span = 0;
        while (index >= firstTasks[span + 1]) {
            span++;
        }
        int kvHeads = cache.layout().kvHeads();
        int within = firstTasks[span + 1] - 1 - index;
        int from = within / kvHeads * AttentionTile.QUERIES;
        int count = Math.min(AttentionTile.QUERIES, batch.span(span).rows() * shape.group() - from);
        AttentionTile tile = tile();
        tile.load(batch, span, within % kvHeads, from, count, shape, queries);
        for (int segment = tile.firstSegment(); segment <= tile.lastSegment(); segment++) {
            set.attendSegment(tile, cache, layer, segment);
            tile.mergeSegment();
        }
        store(tile, span, from, count);
    }

    private void store(AttentionTile tile, int span, int from, int count) {
        int dimension = tile.dimension();
        for (int i = 0; i < count; i++) {
            int row = batch.firstRow(span) + (from + i) / shape.group();
            int head = tile.kvHead * shape.group() + (from + i) % shape.group();
            tile.result(i, out, (row * queries.count() + head) * dimension);
        }
    }

    private AttentionTile tile() {
        AttentionTile tile = tiles.get();
        if (tile.dimension() != cache.layout().headDimension()) {
            tile = new AttentionTile(cache.layout().headDimension());
            tiles.set(tile);
        }
        return tile;
    }
}
