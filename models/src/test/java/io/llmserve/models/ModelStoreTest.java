package io.llmserve.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.fetch.FetchedModel;
import io.llmserve.models.fetch.ModelSource;
import io.llmserve.testkit.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {
    private static final ModelUri TINY = ModelUri.parse("pypi://tiny@1.0");

    @TempDir
    Path home;

    private final FakeSource source = new FakeSource();
    private ModelStore store = new ModelStore(Path.of("unset"), source, Clock.SYSTEM);

    @BeforeEach
    void open() {
        store = new ModelStore(home.resolve("models"), source, Clock.SYSTEM);
    }

    @Test
    void fetchesOnceAndThenNeedsNoNetwork() {
        Path path = store.pull(TINY, PullListener.SILENT);
        assertThat(path).isEqualTo(home.resolve("models/pypi--tiny--1.0/tiny.gguf"));
        source.failure = new ServeException(Failure.UPSTREAM, "offline");
        assertThat(store.pull(TINY, PullListener.SILENT)).isEqualTo(path);
        ModelDescription model = ModelReader.open(path);
        model.tensors().close();
        assertThat(model.fingerprint())
                .isEqualTo(store.list().getFirst().files().getFirst().sha256());
    }

    @Test
    void listsVerifiesAndRemovesWhatItPulled() {
        store.pull(TINY, PullListener.SILENT);
        StoredModel model = store.list().getFirst();
        assertThat(model.source()).isEqualTo(TINY);
        assertThat(model.revision()).isEqualTo("1.0");
        assertThat(model.bytes()).isPositive();
        assertThat(store.find(TINY)).hasValue(model);
        store.verify(model, PullListener.SILENT);
        assertThat(store.remove(TINY)).isEqualTo(model);
        assertThat(store.list()).isEmpty();
        assertThat(model.folder()).doesNotExist();
        assertThatThrownBy(() -> store.remove(TINY)).hasMessageContaining("pypi://tiny@1.0 is not in the store");
    }

    @Test
    void namesTheFileThatWasChanged() throws IOException {
        Path path = store.pull(TINY, PullListener.SILENT);
        byte[] bytes = Files.readAllBytes(path);
        bytes[bytes.length - 1] ^= 1;
        Files.write(path, bytes);
        StoredModel model = store.list().getFirst();
        assertThatThrownBy(() -> store.verify(model, PullListener.SILENT))
                .hasMessageContaining(path + " is damaged: its SHA-256 is")
                .hasMessageContaining("expected " + model.files().getFirst().sha256());
    }

    @Test
    void fetchesAgainWhatIsNoLongerWhole() throws IOException {
        Path path = store.pull(TINY, PullListener.SILENT);
        Files.write(path, new byte[3]);
        assertThat(store.pull(TINY, PullListener.SILENT)).isEqualTo(path);
        assertThat(source.fetches).hasValue(2);
        ModelReader.open(path).tensors().close();
    }

    @Test
    void leavesWhatIsNotItsOwn() throws IOException {
        Path mine = home.resolve("models/pypi--tiny--1.0");
        Files.createDirectories(mine);
        Files.writeString(mine.resolve("notes.txt"), "mine");
        assertThatThrownBy(() -> store.remove(TINY)).isInstanceOf(ServeException.class);
        assertThatThrownBy(() -> store.pull(TINY, PullListener.SILENT))
                .hasMessageContaining(mine + " is in the way: it was not made by LLMServe");
        assertThatThrownBy(() -> store.remove(ModelUri.parse("file:" + mine)))
                .hasMessageContaining("only what was pulled is removed");
        assertThat(mine.resolve("notes.txt")).exists();
    }

    @Test
    void keepsFilesOfOthersWhenItRemovesAModel() throws IOException {
        Path path = store.pull(TINY, PullListener.SILENT);
        Path notes = path.resolveSibling("notes.txt");
        Files.writeString(notes, "mine");
        store.remove(TINY);
        assertThat(path).doesNotExist();
        assertThat(notes).exists();
    }

    @Test
    void leavesNothingBehindAFailedFetch() throws IOException {
        source.failure = new ServeException(Failure.EXHAUSTED, "full");
        assertThatThrownBy(() -> store.pull(TINY, PullListener.SILENT)).hasMessage("full");
        assertThat(store.list()).isEmpty();
        try (Stream<Path> left = Files.walk(home)) {
            assertThat(left.filter(Files::isRegularFile)
                            .filter(file -> !file.toString().endsWith(".lock")))
                    .isEmpty();
        }
    }

    @Test
    void doesNotTakeABrokenManifestForAModel() throws IOException {
        Path path = store.pull(TINY, PullListener.SILENT);
        Path manifest = path.resolveSibling(".llmserve-model");
        List<String> lines = Files.readAllLines(manifest);
        Files.write(manifest, lines.subList(0, lines.size() - 1));
        assertThatThrownBy(() -> store.pull(TINY, PullListener.SILENT))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("no whole manifest");
    }

    @Test
    void pullsOnceWhenTwoAskAtTheSameTime() throws Exception {
        CountDownLatch secondWaits = new CountDownLatch(1);
        source.beforeFetch = () -> {
            try {
                secondWaits.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        Set<PullListener.Phase> phases = java.util.concurrent.ConcurrentHashMap.newKeySet();
        ModelStore other = new ModelStore(home.resolve("models"), source, Clock.SYSTEM);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Path>> pulls = new ArrayList<>();
            for (ModelStore each : List.of(store, other)) {
                pulls.add(threads.submit(() -> each.pull(TINY, (phase, subject, done, total) -> {
                    phases.add(phase);
                    if (phase == PullListener.Phase.WAITING) {
                        secondWaits.countDown();
                    }
                })));
            }
            assertThat(pulls.get(0).get()).isEqualTo(pulls.get(1).get());
        }
        assertThat(source.fetches).hasValue(1);
        assertThat(phases).contains(PullListener.Phase.WAITING);
    }

    @Test
    void looksForLocalPathsOnly() {
        Path path = TinyModels.path("qwen2");
        assertThat(store.pull(new ModelUri.LocalPath(path), PullListener.SILENT))
                .isEqualTo(path);
        assertThatThrownBy(() -> store.pull(ModelUri.parse("file:/no/such.gguf"), PullListener.SILENT))
                .hasMessageContaining("/no/such.gguf does not exist")
                .hasFieldOrPropertyWithValue("failure", Failure.NOT_FOUND);
        assertThat(source.fetches).hasValue(0);
    }

    @Test
    void liesWhereTheEnvironmentSays() {
        assertThat(StoreDirectory.of(Map.of("LLMSERVE_HOME", "/a", "XDG_CACHE_HOME", "/b", "HOME", "/c")))
                .isEqualTo(Path.of("/a/models"));
        assertThat(StoreDirectory.of(Map.of("XDG_CACHE_HOME", "/b", "HOME", "/c")))
                .isEqualTo(Path.of("/b/llmserve/models"));
        assertThat(StoreDirectory.of(Map.of("LLMSERVE_HOME", "", "HOME", "/c")))
                .isEqualTo(Path.of("/c/.cache/llmserve/models"));
    }

    /// Copies a tiny model.
    private static final class FakeSource implements ModelSource {
        private final AtomicInteger fetches = new AtomicInteger();
        private volatile @org.jspecify.annotations.Nullable ServeException failure;
        private volatile Runnable beforeFetch = () -> {};

        @Override
        public ModelUri pinned(ModelUri uri) {
            return uri;
        }

        @Override
        public FetchedModel fetch(ModelUri uri, Path folder, PullListener listener) {
            fetches.incrementAndGet();
            beforeFetch.run();
            ServeException planned = failure;
            if (planned != null) {
                throw planned;
            }
            try {
                Path file = Files.copy(TinyModels.path("llama-tied.BF16"), folder.resolve("tiny.gguf"));
                return new FetchedModel(
                        "1.0", "tiny.gguf", List.of(new FetchedModel.FetchedFile("tiny.gguf", FileHash.sha256(file))));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
