package io.llmserve.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// One entry of `GET /v1/models`.
///
/// @param root the model that an alias or adapter stands for
/// @param parent the base model of an adapter; null for a model
/// @param maxModelLength tokens of prompt and answer together
public record ModelCard(
        String id,
        long createdSeconds,
        String ownedBy,
        String root,
        @Nullable String parent,
        OptionalInt maxModelLength) {

    /// The body of the endpoint.
    public static byte[] list(List<ModelCard> cards) {
        JsonBytes json = new JsonBytes(512).raw("{\"object\":\"list\",\"data\":[");
        for (int i = 0; i < cards.size(); i++) {
            json.raw(i == 0 ? "" : ",").raw(cards.get(i).toJson());
        }
        return json.raw("]}").toBytes();
    }

    /// The body of `GET /v1/models/{id}`.
    public byte[] toJson() {
        JsonBytes json = new JsonBytes(256);
        json.raw("{\"id\":")
                .string(id)
                .raw(",\"object\":\"model\",\"created\":")
                .number(createdSeconds);
        json.raw(",\"owned_by\":")
                .string(ownedBy)
                .raw(",\"root\":")
                .string(root)
                .raw(",\"parent\":");
        if (parent == null) {
            json.raw("null");
        } else {
            json.string(parent);
        }
        json.raw(",\"max_model_len\":");
        if (maxModelLength.isPresent()) {
            json.number(maxModelLength.getAsInt());
        } else {
            json.raw("null");
        }
        return json.raw("}").toBytes();
    }

    /// Reads the list that a worker of any make sends; UPSTREAM where it is none. Entries without an id are
    /// left out.
    public static List<ModelCard> parse(byte[] body) {
        try {
            List<ModelCard> cards = new ArrayList<>();
            for (JsonNode entry : StrictJson.MAPPER.readTree(body).path("data")) {
                String id = entry.path("id").asText("");
                if (!id.isEmpty()) {
                    cards.add(card(id, entry));
                }
            }
            return List.copyOf(cards);
        } catch (IOException notJson) {
            throw new ServeException(Failure.UPSTREAM, "A list of models is not JSON: " + notJson.getMessage());
        }
    }

    private static ModelCard card(String id, JsonNode entry) {
        JsonNode length = entry.path("max_model_len");
        return new ModelCard(
                id,
                entry.path("created").asLong(0),
                entry.path("owned_by").asText(""),
                entry.path("root").asText(id),
                entry.path("parent").textValue(),
                length.canConvertToInt() ? OptionalInt.of(length.intValue()) : OptionalInt.empty());
    }
}
