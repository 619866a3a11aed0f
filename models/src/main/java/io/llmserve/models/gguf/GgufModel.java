package io.llmserve.models.gguf;

import static io.llmserve.models.ModelFileFailure.damaged;

import io.llmserve.core.TokenizerSource.Vocabulary;
import io.llmserve.models.MappedTensors;
import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelFileFailure;
import io.llmserve.models.TensorShapes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/// A `.gguf` file as a model.
public final class GgufModel {
    private GgufModel() {}

    /// Maps the file and checks all of it but the numbers.
    ///
    /// @param fingerprint names the file's content
    public static ModelDescription open(Path file, String name, String fingerprint) {
        if (!Files.isRegularFile(file)) {
            throw damaged(file, "it is no regular file");
        }
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try (FileChannel channel = FileChannel.open(file)) {
            long bytes = channel.size();
            MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena);
            GgufFile gguf = GgufFile.parse(file, new GgufCursor(file, channel, bytes), whole);
            ModelDescription description = describe(file, name, fingerprint, gguf, arena);
            opened = true;
            return description;
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(file, e);
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    private static ModelDescription describe(Path file, String name, String fingerprint, GgufFile gguf, Arena arena) {
        ModelConfiguration configuration = GgufConfiguration.read(file, gguf);
        TensorShapes.check(file, configuration, gguf.tensors(), UnaryOperator.identity());
        GgufTokenizer tokenizer = new GgufTokenizer(file, gguf.metadata());
        Vocabulary vocabulary = tokenizer.vocabulary(configuration.vocabulary());
        return new ModelDescription(
                name,
                fingerprint,
                configuration,
                vocabulary,
                gguf.metadata().text("tokenizer.chat_template"),
                tokenizer.endTokens(vocabulary),
                new MappedTensors(file, gguf.tensors(), arena));
    }
}
