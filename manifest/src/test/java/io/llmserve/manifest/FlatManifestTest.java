package io.llmserve.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class FlatManifestTest {
    private static FlatManifest flat(String spec) {
        return FlatManifest.of(new ManifestReader(Map.of())
                .readText("t.yaml", "apiVersion: v1\nkind: LLMServe\nspec: " + spec)
                .orThrow());
    }

    @Test
    void writesValuesAsTheManifestDoes() {
        assertThat(flat("{kv_cache: {size: 2048MiB}}").values())
                .containsEntry("apiVersion", "v1")
                .containsEntry("kind", "LLMServe")
                .containsEntry("spec.kv_cache.size", "2GiB")
                .containsEntry("spec.transfer.engine_order[4]", "tcp")
                .doesNotContainKey("spec.kv_cache.hbm_dtype")
                .containsEntry("spec.server.limits.timeouts.drain", "30s")
                .doesNotContainKey("spec.engine.threads");
    }

    @Test
    void tellsOnlyWhatDiffers() {
        FlatManifest running = flat("{server: {port: 8001}}");

        assertThat(running.changesTo(flat("{server: {port: 8001}}"))).isEmpty();
        assertThat(running.changesTo(flat("{engine: {threads: 4}}")))
                .extracting(FlatManifest.Change::toString)
                .containsExactly("spec.engine.threads: (none) -> 4", "spec.server.port: 8001 -> 8000");
    }

    @Test
    void keepsSecretsOut() {
        String vllm = flat("{vllm: {args: [--x], env: [{name: HF_TOKEN, value: very-secret}]}}")
                .toString();
        assertThat(vllm).doesNotContain("very-secret").contains("HF_TOKEN", "spec.vllm.args[0]=--x");

        FlatManifest flat = flat("{security: {api_keys: [{tenant: a, value: very-secret}]}}");

        assertThat(flat.toString()).doesNotContain("very-secret");
        assertThat(flat.changesTo(flat("{security: {api_keys: [{tenant: a, value: other-secret}]}}")))
                .hasSize(1);
    }
}
