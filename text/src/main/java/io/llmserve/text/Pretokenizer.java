package io.llmserve.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How a byte-level model splits text into words before BPE, by the names that GGUF files give in
/// `tokenizer.ggml.pre`. The expressions are those of the models' own `tokenizer.json`; the names are llama.cpp's
/// (llama-vocab.cpp).
enum Pretokenizer {
    GPT2("gpt-2 phi-2 olmo gigachat mellum a.x-4.0 jina-es jina-de") {
        @Override
        List<ObjectNode> steps() {
            return List.of(byteLevel(true));
        }
    },
    /// GPT-2 with every digit on its own.
    SINGLE_DIGITS("smollm starcoder refact command-r codeshell exaone minerva-7b") {
        @Override
        List<ObjectNode> steps() {
            ObjectNode digits = typed("Digits");
            digits.put("individual_digits", true);
            return List.of(digits, byteLevel(true));
        }
    },
    LLAMA3("llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2") {
        @Override
        List<ObjectNode> steps() {
            return List.of(split(words("\\p{N}{1,3}")), byteLevel(false));
        }

        @Override
        boolean ignoresMerges() {
            return true;
        }
    },
    DBRX("dbrx smaug-bpe chatglm-bpe glm4") {
        @Override
        List<ObjectNode> steps() {
            return List.of(split(words("\\p{N}{1,3}")), byteLevel(false));
        }
    },
    QWEN2("qwen2 deepseek-r1-qwen stablelm2 kormo") {
        @Override
        List<ObjectNode> steps() {
            return List.of(split(words("\\p{N}")), byteLevel(false));
        }

        @Override
        @Nullable
        JsonNode normalizer() {
            return typed("NFC");
        }
    },
    TEKKEN("tekken") {
        @Override
        List<ObjectNode> steps() {
            return List.of(split(casedWords("", "\\p{N}")), byteLevel(false));
        }

        @Override
        boolean ignoresMerges() {
            return true;
        }
    },
    GPT4O("gpt-4o llama4") {
        @Override
        List<ObjectNode> steps() {
            return List.of(split(casedWords("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "\\p{N}{1,3}")), byteLevel(false));
        }
    },
    /// What llama.cpp does for a file that names none.
    DEFAULT("default") {
        @Override
        List<ObjectNode> steps() {
            return List.of(
                    split("[\\p{P}\\$\\+<=>\\^~\\|]+"),
                    split("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)"),
                    split("\\p{N}+"),
                    split("[0-9][0-9][0-9]"),
                    byteLevel(false));
        }
    };

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    /// Parted by spaces.
    private final String names;

    Pretokenizer(String names) {
        this.names = names;
    }

    /// Where a file names none, llama.cpp's default is meant.
    static Pretokenizer named(String given) {
        String name = given.isEmpty() ? "default" : given;
        return Arrays.stream(values())
                .filter(pretokenizer -> pretokenizer.names().anyMatch(name::equals))
                .findFirst()
                .orElseThrow(() -> new ServeException(
                        Failure.CORRUPT,
                        "The model's pre-tokenizer (tokenizer.ggml.pre) is \"%s\"; supported are %s."
                                .formatted(name, supported())));
    }

    /// As `pre_tokenizer` of `tokenizer.json`.
    JsonNode json() {
        ObjectNode sequence = typed("Sequence");
        sequence.putArray("pretokenizers").addAll(new ArrayList<>(steps()));
        return sequence;
    }

    abstract List<ObjectNode> steps();

    /// A word that is a token as a whole stays one, whatever its merges would make of it.
    boolean ignoresMerges() {
        return false;
    }

    @Nullable
    JsonNode normalizer() {
        return null;
    }

    private static String words(String digits) {
        return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    }

    /// Words part where lower case turns to upper case.
    private static String casedWords(String contraction, String digits) {
        String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
        String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
        String opening = "[^\\r\\n\\p{L}\\p{N}]?";
        return opening + upper + "*" + lower + "+" + contraction + "|" + opening + upper + "+" + lower + "*"
                + contraction + "|" + digits + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    }

    private static ObjectNode split(String expression) {
        ObjectNode split = typed("Split");
        split.putObject("pattern").put("Regex", expression);
        split.put("behavior", "Isolated");
        split.put("invert", false);
        return split;
    }

    private static ObjectNode byteLevel(boolean split) {
        ObjectNode bytes = typed("ByteLevel");
        bytes.put("add_prefix_space", false);
        bytes.put("trim_offsets", false);
        bytes.put("use_regex", split);
        return bytes;
    }

    private static ObjectNode typed(String type) {
        return JSON.objectNode().put("type", type);
    }

    private Stream<String> names() {
        return Arrays.stream(names.split(" ", -1));
    }

    private static String supported() {
        return Arrays.stream(values()).flatMap(Pretokenizer::names).sorted().collect(Collectors.joining(", "));
    }
}
