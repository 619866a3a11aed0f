package io.llmserve.models.huggingface;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.models.ModelFileFailure;
import io.llmserve.tensor.DType;
import io.llmserve.tensor.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// The weights of a model directory: one safetensors file, or several that `model.safetensors.index.json` lists.
final class SafetensorsDirectory {
    private static final String INDEX = "model.safetensors.index.json";
    private static final String SINGLE = "model.safetensors";
    private static final int MAX_INDEX_BYTES = 16 << 20;
    private static final int MAX_FILES = 4096;

    private SafetensorsDirectory() {}

    /// The files that hold the weights, in the order of their names.
    static List<Path> files(Path directory) {
        Path index = directory.resolve(INDEX);
        if (Files.isRegularFile(index)) {
            return listed(directory, index);
        }
        Path single = directory.resolve(SINGLE);
        if (Files.isRegularFile(single)) {
            return List.of(single);
        }
        try (Stream<Path> all = Files.list(directory)) {
            List<Path> found =
                    all.filter(file -> file.toString().endsWith(".safetensors")).toList();
            if (found.size() != 1) {
                throw unsupported(
                        directory, "it has %d safetensors files and neither %s nor %s", found.size(), SINGLE, INDEX);
            }
            return found;
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(directory, e);
        }
    }

    /// The tensors by canonical name.
    static Map<String, StoredTensor> map(Path directory, boolean tiedHead, Arena arena) {
        Map<String, StoredTensor> tensors = new HashMap<>();
        for (Path file : files(directory)) {
            for (SafetensorsFile.Entry entry :
                    SafetensorsFile.map(file, arena).entries().values()) {
                String name = TensorNames.canonical(entry.name()).orElse(entry.name());
                boolean unused = TensorNames.isIgnored(name) || (tiedHead && name.equals("output.weight"));
                if (!unused && tensors.put(name, tensor(name, entry)) != null) {
                    throw damaged(directory, "tensor %s is in two files", entry.name());
                }
            }
        }
        return tensors;
    }

    private static List<Path> listed(Path directory, Path index) {
        JsonDocument document = JsonDocument.read(index, MAX_INDEX_BYTES);
        JsonDocument weights = document.child("weight_map").orElseThrow(() -> document.missing("weight_map"));
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode file : weights.object()) {
            if (!file.isTextual() || !file.textValue().matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,200}\\.safetensors")) {
                throw damaged(index, "weight_map names %s, which is no safetensors file of the directory", file);
            }
            names.add(file.textValue());
        }
        if (names.isEmpty() || names.size() > MAX_FILES) {
            throw damaged(index, "weight_map names %d files, allowed are 1 to %d", names.size(), MAX_FILES);
        }
        return names.stream().sorted().map(directory::resolve).toList();
    }

    private static StoredTensor tensor(String name, SafetensorsFile.Entry entry) {
        DType type = entry.numbers();
        long[] shape = entry.shape();
        if (shape.length < 1 || shape.length > 2) {
            throw damaged(entry.file(), "tensor %s has %d dimensions, allowed are 1 and 2", entry.name(), shape.length);
        }
        long rows = shape.length == 2 ? shape[0] : 1;
        long columns = shape[shape.length - 1];
        boolean sized = rows >= 1 && columns >= 1 && rows <= Integer.MAX_VALUE && columns <= Integer.MAX_VALUE;
        if (!sized || rows > Long.MAX_VALUE / type.blockBytes() / columns) {
            throw damaged(entry.file(), "tensor %s has shape [%d, %d]", entry.name(), rows, columns);
        }
        if (type.bytes(rows * columns) != entry.data().byteSize()) {
            throw damaged(
                    entry.file(),
                    "tensor %s [%d, %d] of %s needs %d bytes, found %d",
                    entry.name(),
                    rows,
                    columns,
                    type,
                    type.bytes(rows * columns),
                    entry.data().byteSize());
        }
        return new StoredTensor(name, type, (int) rows, (int) columns, entry.data());
    }
}
