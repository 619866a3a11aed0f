package io.llmserve.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTextTest {
    private final ManifestReader reader = new ManifestReader(Map.of());

    @ParameterizedTest
    @ValueSource(strings = {"llmserve.yaml", "examples/local/llmserve-dev.yaml"})
    void isReadBackAsItWas(String file) {
        Spec spec = reader.readFile(Path.of("..", file)).orThrow().spec();

        assertThat(reread(spec))
                .usingRecursiveComparison()
                .ignoringFields("security")
                .isEqualTo(spec);
    }

    @Test
    void keepsOddNamesAndLeavesSecretsOut() {
        String yaml = """
                apiVersion: v1
                kind: LLMServe
                spec:
                  models: {primary: {id: "file:/a \\"b\\" \\\\ c: #d", max_model_len: 64}}
                  transfer: {engine_order: [tcp, shm]}
                  security: {api_keys: [{tenant: red, value: a-secret-key}]}
                """;
        Spec spec = reader.readText("t.yaml", yaml).orThrow().spec();

        assertThat(ManifestText.of(spec)).doesNotContain("a-secret-key");
        assertThat(reread(spec).models()).isEqualTo(spec.models());
        assertThat(reread(spec).transfer().engineOrder()).isEqualTo(List.of(Transfer.Engine.TCP, Transfer.Engine.SHM));
    }

    private Spec reread(Spec spec) {
        return reader.readText("text", ManifestText.of(spec)).orThrow().spec();
    }
}
