package io.llmserve.models;

import io.llmserve.tensor.StoredTensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Tensors of one model over files mapped in one arena, which this owns.
public final class MappedTensors implements TensorSource {
    private final Path path;
    private final Map<String, StoredTensor> tensors;
    private final Arena arena;

    /// @param path the file or directory that messages name
    public MappedTensors(Path path, Map<String, StoredTensor> tensors, Arena arena) {
        this.path = path;
        this.tensors = Map.copyOf(tensors);
        this.arena = arena;
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    @Override
    public StoredTensor get(String name) {
        return find(name).orElseThrow(() -> ModelFileFailure.damaged(path, "tensor %s is missing", name));
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
