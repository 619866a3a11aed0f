package io.llmserve.engine;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.engine.PromptImport.Closed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// Pages that move between this engine and others, and who holds them meanwhile: an export holds each page from
/// the step that computed it until its readers or its lease let go, an import holds its pages until whoever
/// fills them has closed it, whatever became of the sequence. No threads and no clock. Owned by the step thread.
final class Handovers {
    private final BlockPool pool;
    private final ExportTable table;
    private final long leaseNanos;
    private final Consumer<Closed> onImportClosed;
    private final Set<PromptExport> exports = new LinkedHashSet<>();
    private final Map<Sequence, PromptImport> imports = new HashMap<>();
    /// Imports whose sequence has ended, and that somebody may still be filling.
    private final Set<PromptImport> orphans = new LinkedHashSet<>();
    private long exportedPages;
    private long wantedPages;
    private long importedPages;
    private long expiredExports;
    private long failedImports;

    /// @param onImportClosed called on any thread; what it is given comes to [#close] on the step thread
    Handovers(BlockPool pool, ExportTable table, long leaseNanos, Consumer<Closed> onImportClosed) {
        this.pool = pool;
        this.table = table;
        this.leaseNanos = leaseNanos;
        this.onImportClosed = onImportClosed;
    }

    /// Whether no page is held here.
    boolean isEmpty() {
        return exports.isEmpty() && imports.isEmpty() && orphans.isEmpty();
    }

    void begin(PromptExport export) {
        exports.add(export);
    }

    /// More of the prompt may be computed than before.
    void computed(PromptExport export, Sequence sequence) {
        int full = sequence.computed() / Sequence.PAGE_TOKENS;
        while (export.ready() < full && export.isGrowing()) {
            int block = export.ready();
            int page = sequence.pages()[block];
            pool.hold(page);
            export.add(page, sequence.hash(block));
            exportedPages++;
        }
    }

    /// The generation that computed the prompt has ended well: the lease begins.
    void complete(PromptExport export, long nowNanos) {
        export.complete();
        settle(export, nowNanos);
    }

    void fail(PromptExport export, ServeException reason) {
        export.fail(reason);
        free(export);
    }

    /// A reader has left, or nobody will come.
    void settle(PromptExport export, long nowNanos) {
        if (export.isExpired(nowNanos, leaseNanos) && !export.isFreed()) {
            expiredExports++;
            export.fail(new ServeException(Failure.UNAVAILABLE, "nobody came for its pages within the lease"));
        }
        free(export);
    }

    void expire(long nowNanos) {
        for (PromptExport export : List.copyOf(exports)) {
            settle(export, nowNanos);
        }
    }

    private void free(PromptExport export) {
        for (int page : export.takePages()) {
            pool.release(page);
        }
        if (export.isFreed()) {
            exports.remove(export);
            table.remove(export);
        }
    }

    /// The sequence has its pages: those from `first` on are filled from elsewhere.
    void open(Sequence sequence, int first, int end, PageFiller filler) {
        PromptImport opened = new PromptImport(sequence, first, end, filler, onImportClosed);
        for (int page : opened.pages()) {
            pool.hold(page);
        }
        imports.put(sequence, opened);
        wantedPages += end - first;
        filler.fill(opened);
    }

    /// Nobody writes to the pages any more. False where the sequence has ended meanwhile.
    boolean close(Closed closed) {
        for (int page : closed.source().pages()) {
            pool.release(page);
        }
        if (orphans.remove(closed.source())) {
            return false;
        }
        imports.remove(closed.source().sequence());
        importedPages += closed.filled() - closed.source().first();
        failedImports += closed.filled() < closed.source().end() ? 1 : 0;
        return true;
    }

    /// The sequence has ended: what is being filled for it is of no use.
    void ended(Sequence sequence) {
        PromptImport source = imports.remove(sequence);
        if (source != null) {
            orphans.add(source);
            source.filler().stop();
        }
    }

    /// The engine ends: whoever still reads or writes is told, and loses the pages.
    void endAll() {
        ServeException reason = new ServeException(Failure.UNAVAILABLE, "the engine was closed");
        for (PromptExport export : List.copyOf(exports)) {
            fail(export, reason);
        }
        List<PromptImport> open = new ArrayList<>(imports.values());
        open.forEach(each -> ended(each.sequence()));
    }

    EngineStatistics.Handovers statistics() {
        int held = exports.stream().mapToInt(PromptExport::ready).sum();
        return new EngineStatistics.Handovers(
                exports.size(),
                held,
                imports.size() + orphans.size(),
                exportedPages,
                wantedPages,
                importedPages,
                expiredExports,
                failedImports);
    }
}
