package io.llmserve.worker;

import static io.llmserve.core.Checks.check;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelDescription;
import io.llmserve.wire.ModelCard;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// The model as clients see it.
///
/// @param names what clients may call it; the first is its name in metrics and where a request names none
/// @param root where it came from
/// @param fingerprint of the weights
/// @param contextLength tokens of prompt and answer together
public record ServedModel(
        List<String> names,
        String root,
        String fingerprint,
        int contextLength,
        Set<Integer> eosTokenIds,
        Language language) {
    public ServedModel {
        names = List.copyOf(names);
        eosTokenIds = Set.copyOf(eosTokenIds);
        check(!names.isEmpty(), "a model needs a name");
        check(contextLength > 0, "contextLength must be positive, got %d", contextLength);
    }

    /// @param contextLength what the engine was given, at most the model's own
    public static ServedModel of(
            List<String> names, ModelDescription description, int contextLength, Language language) {
        return new ServedModel(
                names,
                description.name(),
                description.fingerprint(),
                contextLength,
                description.eosTokenIds(),
                language);
    }

    public String name() {
        return names.getFirst();
    }

    /// The name to answer with; NOT_FOUND for a name that is not ours.
    String resolve(Optional<String> requested) {
        String name = requested.orElse(name());
        if (!names.contains(name)) {
            throw unknown(name);
        }
        return name;
    }

    ServeException unknown(String name) {
        return new ServeException(
                        Failure.NOT_FOUND,
                        "The model `%s` does not exist. Valid aliases: %s.".formatted(name, String.join(", ", names)))
                .at("model");
    }

    List<ModelCard> cards(long createdSeconds) {
        return names.stream()
                .map(name -> new ModelCard(name, createdSeconds, "llmserve", root, null, OptionalInt.of(contextLength)))
                .toList();
    }
}
