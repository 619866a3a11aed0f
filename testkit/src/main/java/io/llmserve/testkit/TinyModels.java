package io.llmserve.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/// Random models of a few hundred kilobytes, one per architecture and format, with what HF transformers makes of them
/// in f32. Made by `tools/tiny_models.py`; all have 320 tokens and the same byte-level BPE tokenizer and chat template.
///
/// Directories (safetensors): `llama-tied` (bf16), `llama3-untied` (f32, RoPE scaling, sharded), `mistral` (f16, one
/// KV head), `mistral-window` (bf16, sliding window 8), `qwen2` (bf16, biases), `qwen3` (bf16, head dimension 32).
/// Files (GGUF): `llama-tied.BF16`, `llama3-untied.Q8_0`, `mistral.F16`, `qwen2.Q4_0`, `qwen3.Q4_1`,
/// `llama-wide.Q4_K` (Q4_K and Q6_K).
public final class TinyModels {
    public static final List<String> DIRECTORIES =
            List.of("llama-tied", "llama3-untied", "mistral", "mistral-window", "qwen2", "qwen3");
    public static final List<String> GGUF_FILES = List.of(
            "llama-tied.BF16", "llama3-untied.Q8_0", "mistral.F16", "qwen2.Q4_0", "qwen3.Q4_1", "llama-wide.Q4_K");

    private TinyModels() {}

    /// Every name that [#path(String)] and [#golden(String)] take.
    public static List<String> names() {
        return Stream.concat(DIRECTORIES.stream(), GGUF_FILES.stream()).toList();
    }

    /// The model's directory, or its `.gguf` file.
    public static Path path(String name) {
        return Unpacked.ROOT.resolve(GGUF_FILES.contains(name) ? name + ".gguf" : name);
    }

    /// JSON: `cases[] {kind, prompt_token_ids, greedy_token_ids, greedy_text, top5_logprobs[step][5][id, logprob],
    /// first_logits[320]}`, and `text` or `messages` where the prompt is one. End-of-sequence did not end the
    /// continuation.
    public static Path golden(String name) {
        return Unpacked.ROOT.resolve(name + ".golden.json");
    }

    /// The resources as files: where they lie, or copied out of the jar once per JVM.
    private static final class Unpacked {
        static final Path ROOT = unpack();

        private static Path unpack() {
            URL resource = Objects.requireNonNull(TinyModels.class.getResource("/tiny-models"), "no /tiny-models");
            try {
                URI uri = resource.toURI();
                if (uri.getScheme().equals("file")) {
                    return Path.of(uri);
                }
                try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
                    return copy(jar.getPath("/tiny-models"));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
        }

        private static Path copy(Path source) throws IOException {
            Path target = Files.createTempDirectory("tiny-models");
            List<Path> files;
            try (Stream<Path> walk = Files.walk(source)) {
                files = walk.filter(Files::isRegularFile).toList();
            }
            for (Path file : files) {
                Path to = target.resolve(source.relativize(file).toString());
                Files.createDirectories(Objects.requireNonNull(to.getParent()));
                Files.copy(file, to);
            }
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(target)));
            return target;
        }

        private static void delete(Path folder) {
            try (Stream<Path> walk = Files.walk(folder)) {
                walk.sorted((a, b) -> b.compareTo(a)).map(Path::toFile).forEach(file -> {
                    if (!file.delete()) {
                        file.deleteOnExit();
                    }
                });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
