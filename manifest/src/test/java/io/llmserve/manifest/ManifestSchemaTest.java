package io.llmserve.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ManifestSchemaTest {
    /// When this fails the records have changed: write `llmserve schema` to the file.
    @Test
    void committedSchemaIsThatOfTheRecords() throws Exception {
        assertThat(ManifestSchema.json()).isEqualTo(Files.readString(Path.of("..", "docs", "llmserve.schema.json")));
    }

    @Test
    void describesLimitsDefaultsAndChoices() throws Exception {
        JsonNode spec = new ObjectMapper().readTree(ManifestSchema.json()).at("/properties/spec/properties");

        assertThat(spec.at("/server/properties/port/maximum").asInt()).isEqualTo(65535);
        assertThat(spec.at("/server/properties/port/default").asInt()).isEqualTo(8000);
        assertThat(spec.at("/kv_cache/properties/hbm_dtype/enum")).hasSize(2);
        assertThat(spec.at("/kv_cache/properties/size/pattern").asText()).contains("GiB");
        assertThat(spec.at("/security/properties/api_keys/items/required/0").asText())
                .isEqualTo("tenant");
        assertThat(spec.at("/transfer/properties/engine_order/items/enum")).hasSize(5);
        assertThat(spec.at("/transfer/properties/engine_order/default/0").asText())
                .isEqualTo("nixl");
        assertThat(spec.at("/vllm/properties/args/items/type").asText()).isEqualTo("string");
        assertThat(spec.at("/server/additionalProperties").asBoolean(true)).isFalse();
    }
}
