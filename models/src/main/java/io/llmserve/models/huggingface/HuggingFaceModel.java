package io.llmserve.models.huggingface;

import static io.llmserve.models.ModelFileFailure.damaged;
import static io.llmserve.models.ModelFileFailure.unsupported;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.TokenizerSource;
import io.llmserve.models.FileHash;
import io.llmserve.models.MappedTensors;
import io.llmserve.models.ModelConfiguration;
import io.llmserve.models.ModelDescription;
import io.llmserve.models.ModelFileFailure;
import io.llmserve.models.TensorShapes;
import io.llmserve.tensor.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// A directory as transformers saves it, as a model.
public final class HuggingFaceModel {
    private static final int MAX_CONFIGURATION_BYTES = 4 << 20;
    private static final int MAX_TOKENIZER_CONFIGURATION_BYTES = 64 << 20;
    private static final int MAX_TEMPLATE_BYTES = 4 << 20;

    private final Path directory;
    private final JsonDocument config;
    private final Optional<JsonDocument> tokenizerConfig;

    private HuggingFaceModel(Path directory) {
        this.directory = directory;
        this.config = JsonDocument.read(directory.resolve("config.json"), MAX_CONFIGURATION_BYTES);
        this.tokenizerConfig =
                JsonDocument.readIfThere(directory.resolve("tokenizer_config.json"), MAX_TOKENIZER_CONFIGURATION_BYTES);
    }

    /// Maps the files and checks all of them but the numbers.
    ///
    /// @param fingerprint names the files' content
    public static ModelDescription open(Path directory, String name, String fingerprint) {
        return new HuggingFaceModel(directory).open(name, fingerprint);
    }

    /// A fingerprint of the files that decide what the model computes. Reads them all.
    public static String fingerprint(Path directory) {
        List<Path> files = new ArrayList<>(SafetensorsDirectory.files(directory));
        files.add(directory.resolve("config.json"));
        try {
            return FileHash.sha256(files);
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(directory, e);
        }
    }

    private ModelDescription open(String name, String fingerprint) {
        ModelConfiguration configuration = HuggingFaceConfiguration.read(config);
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try {
            Map<String, StoredTensor> tensors = SafetensorsDirectory.map(directory, configuration.tiedHead(), arena);
            TensorShapes.check(directory, configuration, tensors, TensorNames::original);
            ModelDescription description = new ModelDescription(
                    name,
                    fingerprint,
                    configuration,
                    tokenizer(),
                    chatTemplate(),
                    endTokens(configuration.vocabulary()),
                    new MappedTensors(directory, tensors, arena));
            opened = true;
            return description;
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    private TokenizerSource tokenizer() {
        Path tokenizer = directory.resolve("tokenizer.json");
        if (!Files.isRegularFile(tokenizer)) {
            throw unsupported(directory, "it has no tokenizer.json");
        }
        return new TokenizerSource.JsonFile(tokenizer, tokenizerConfig.map(JsonDocument::file));
    }

    /// `chat_template.jinja` comes before the field of `tokenizer_config.json`, as in transformers.
    private Optional<String> chatTemplate() {
        Path file = directory.resolve("chat_template.jinja");
        if (Files.isRegularFile(file)) {
            try {
                if (Files.size(file) > MAX_TEMPLATE_BYTES) {
                    throw damaged(file, "it has more than %d bytes", MAX_TEMPLATE_BYTES);
                }
                return Optional.of(Files.readString(file));
            } catch (IOException e) {
                throw damaged(file, e, "it is no UTF-8 text");
            }
        }
        return tokenizerConfig.flatMap(HuggingFaceModel::templateField);
    }

    private static Optional<String> templateField(JsonDocument tokenizerConfig) {
        JsonNode field = tokenizerConfig.at("chat_template");
        if (!field.isArray()) {
            return tokenizerConfig.text("chat_template");
        }
        for (JsonNode named : field) {
            boolean only = field.size() == 1;
            if (named.path("template").isTextual()
                    && (only || named.path("name").asText("").equals("default"))) {
                return Optional.of(named.path("template").textValue());
            }
        }
        return Optional.empty();
    }

    /// Those of generation_config.json (config.json where there is none), and the tokenizer's own.
    private Set<Integer> endTokens(int vocabulary) {
        JsonDocument source = JsonDocument.readIfThere(
                        directory.resolve("generation_config.json"), MAX_CONFIGURATION_BYTES)
                .filter(generation -> generation.has("eos_token_id"))
                .orElse(config);
        Set<Integer> ends = new TreeSet<>();
        JsonNode ids = source.at("eos_token_id");
        if (ids.isArray()) {
            ids.forEach(id -> ends.add(tokenId(source, id, vocabulary)));
        } else if (source.has("eos_token_id")) {
            ends.add(tokenId(source, ids, vocabulary));
        }
        tokenizerConfig.ifPresent(tokenizer -> addTokenizersEnd(tokenizer, vocabulary, ends));
        return ends;
    }

    private static void addTokenizersEnd(JsonDocument tokenizer, int vocabulary, Set<Integer> ends) {
        JsonNode token = tokenizer.at("eos_token");
        String text = token.isObject() ? token.path("content").asText("") : token.asText("");
        tokenizer.at("added_tokens_decoder").properties().forEach(added -> {
            boolean isId = added.getKey().matches("\\d{1,9}");
            if (isId
                    && !text.isEmpty()
                    && added.getValue().path("content").asText("").equals(text)) {
                int id = Integer.parseInt(added.getKey());
                if (id < vocabulary) {
                    ends.add(id);
                }
            }
        });
    }

    private static int tokenId(JsonDocument source, JsonNode id, int vocabulary) {
        if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0 || id.intValue() >= vocabulary) {
            throw source.wrong("eos_token_id", "a token id below %d or a list of these".formatted(vocabulary));
        }
        return id.intValue();
    }
}
