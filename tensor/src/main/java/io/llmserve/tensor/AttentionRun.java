package io.llmserve.tensor;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// One call of attention, cut into tasks: a task is a tile of queries of one span and key-value head, or, where
/// tiles are few, one segment of the positions that a tile sees. Tiles with the longest context come first, so
/// that threads end together.
final class AttentionRun implements ComputePool.Task {
    /// With fewer tiles than this per thread, each segment is a task by itself.
    private static final int TILES_PER_THREAD = 8;

    private final KernelSet set;
    private final AttentionTiles tiles;
    private final KvCache cache;
    private final int layer;
    private final Batch batch;
    private final AttentionShape shape;
    private final Heads queries;
    private final float[] out;
    /// First tile of each span, and the number of tiles at the end.
    private final int[] firstTiles;
    /// First part of each tile, and the number of parts at the end; empty: tiles are not split.
    private int[] firstParts = {};
    private int[] tileOfPart = {};
    /// Parts of each tile that have not ended; who ends the last one merges them.
    private AtomicIntegerArray open = new AtomicIntegerArray(0);

    AttentionRun(
            KernelSet set,
            AttentionTiles tiles,
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
        this.firstTiles = new int[batch.spans() + 1];
        for (int span = 0; span < batch.spans(); span++) {
            firstTiles[span + 1] =
                    firstTiles[span] + tilesOf(span) * cache.layout().kvHeads();
        }
    }

    void runOn(ComputePool pool) {
        int count = firstTiles[batch.spans()];
        if (pool.threads() > 1 && count < TILES_PER_THREAD * pool.threads()) {
            split(count);
            tiles.reserve(tileOfPart.length, cache.layout().headDimension());
            pool.parallel(tileOfPart.length, this);
        } else {
            pool.parallel(count, this);
        }
    }

    private void split(int count) {
        firstParts = new int[count + 1];
        open = new AtomicIntegerArray(count);
        for (int tile = 0; tile < count; tile++) {
            open.set(tile, segmentsOf(tile));
            firstParts[tile + 1] = firstParts[tile] + segmentsOf(tile);
        }
        tileOfPart = new int[firstParts[count]];
        for (int tile = 0; tile < count; tile++) {
            Arrays.fill(tileOfPart, firstParts[tile], firstParts[tile + 1], tile);
        }
    }

    private int segmentsOf(int index) {
        int span = spanOf(index);
        int from = fromOf(span, index);
        int firstPosition = batch.span(span).firstPosition();
        int first = shape.firstVisible(firstPosition + from / shape.group());
        int last = firstPosition + (from + countOf(span, from) - 1) / shape.group();
        return last / AttentionTile.SEGMENT_POSITIONS - first / AttentionTile.SEGMENT_POSITIONS + 1;
    }

    private int tilesOf(int span) {
        int count = batch.span(span).rows() * shape.group();
        return (count + AttentionTile.QUERIES - 1) / AttentionTile.QUERIES;
    }

    private int spanOf(int index) {
        int span = 0;
        while (index >= firstTiles[span + 1]) {
            span++;
        }
        return span;
    }

    /// The first query of a tile, counted within its span and key-value head.
    private int fromOf(int span, int index) {
        int within = firstTiles[span + 1] - 1 - index;
        return within % tilesOf(span) * AttentionTile.QUERIES;
    }

    private int countOf(int span, int from) {
        return Math.min(AttentionTile.QUERIES, batch.span(span).rows() * shape.group() - from);
    }

    @Override
    public void run(int index) {
        if (firstParts.length == 0) {
            runTile(index);
        } else {
            runPart(index);
        }
    }

    private void runTile(int index) {
        AttentionTile tile = tiles.own(cache.layout().headDimension());
        load(tile, index);
        for (int segment = tile.firstSegment(); segment <= tile.lastSegment(); segment++) {
            set.attendSegment(tile, cache, layer, segment);
            tile.mergeSegment(set, tile);
        }
        store(tile, index);
    }

    private void runPart(int part) {
        int index = tileOfPart[part];
        AttentionTile tile = tiles.reserved(part);
        load(tile, index);
        set.attendSegment(tile, cache, layer, tile.firstSegment() + part - firstParts[index]);
        if (open.decrementAndGet(index) > 0) {
            return;
        }
        for (int other = firstParts[index]; other < firstParts[index + 1]; other++) {
            tile.mergeSegment(set, tiles.reserved(other));
        }
        store(tile, index);
    }

    private void load(AttentionTile tile, int index) {
        int span = spanOf(index);
        int from = fromOf(span, index);
        int kvHead = (firstTiles[span + 1] - 1 - index) / tilesOf(span);
        tile.load(batch, span, kvHead, from, countOf(span, from), shape, queries);
    }

    private void store(AttentionTile tile, int index) {
        int span = spanOf(index);
        int from = fromOf(span, index);
        int dimension = tile.dimension();
        for (int i = 0; i < tile.queries; i++) {
            int row = batch.firstRow(span) + (from + i) / shape.group();
            int head = tile.kvHead * shape.group() + (from + i) % shape.group();
            set.result(tile, i, out, (row * queries.count() + head) * dimension);
        }
    }
}
