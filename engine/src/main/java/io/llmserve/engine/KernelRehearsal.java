package io.llmserve.engine;

import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.TensorSource;
import io.llmserve.tensor.KvLayout;
import io.llmserve.tensor.StoredTensor;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// The JIT meets the kernels while the model is still being loaded. Runs the model cut to its first layer and
/// the first words of its vocabulary, packed for itself: the same kernels, formats and widths as the whole, so
/// little work that the time of a rehearsal is that of the compiler. On threads of its own; closing waits for
/// the step that runs.
public final class KernelRehearsal implements AutoCloseable {
    private static final int LAYERS = 1;
    private static final int WORDS = 1024;
    /// For as many sequences as a warm-up has, with room to spare.
    private static final int PAGES = 256;

    private final EmbeddedEngine engine;
    private final Thread thread;

    private KernelRehearsal(EmbeddedEngine engine, Duration limit) {
        this.engine = engine;
        this.thread = Thread.ofPlatform().name("rehearsal").daemon().unstarted(() -> engine.warmUp(limit));
    }

    /// Reads what it needs of the model's tensors, then goes on by itself for at most `limit`.
    public static KernelRehearsal begin(ModelDescription model, EngineOptions options, Duration limit) {
        ModelDescription cut = cut(model);
        ModelConfiguration shape = cut.configuration();
        KvLayout layout = new KvLayout(
                LAYERS, shape.kvHeads(), shape.headDimension(), options.kv().type());
        EngineOptions small = options.withContextLength(0)
                .withKv(new EngineOptions.KvPool(PAGES * layout.pageBytes(), layout.type(), false));
        try (EngineFactory factory = EngineFactory.load(cut, 1, LoadProgress.NONE)) {
            KernelRehearsal rehearsal = new KernelRehearsal(factory.start(small), limit);
            rehearsal.thread.start();
            return rehearsal;
        }
    }

    /// Until the limit, or until the kernels do not get faster any more.
    public void await() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        engine.close();
    }

    private static ModelDescription cut(ModelDescription whole) {
        int words = Math.min(WORDS, whole.configuration().vocabulary());
        return new ModelDescription(
                whole.name(),
                whole.fingerprint(),
                whole.configuration().cut(LAYERS, words),
                whole.tokenizer(),
                Optional.empty(),
                Set.of(),
                new FirstWords(whole.tensors(), words));
    }

    /// The tensors of `whole`; those with one row for each word have only the first ones.
    private record FirstWords(TensorSource whole, int words) implements TensorSource {
        private static final Set<String> CUT = Set.of("token_embd.weight", "output.weight");

        @Override
        public Optional<StoredTensor> find(String name) {
            return whole.find(name).map(tensor -> cut(name, tensor));
        }

        @Override
        public StoredTensor get(String name) {
            return cut(name, whole.get(name));
        }

        private StoredTensor cut(String name, StoredTensor tensor) {
            if (!CUT.contains(name) || tensor.rows() <= words) {
                return tensor;
            }
            long bytes = tensor.type().bytes((long) words * tensor.columns());
            return new StoredTensor(
                    tensor.name(),
                    tensor.type(),
                    words,
                    tensor.columns(),
                    tensor.data().asSlice(0, bytes));
        }

        /// The owner of the whole closes it.
        @Override
        public void close() {}
    }
}
