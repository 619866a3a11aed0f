package io.llmserve.control;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.manifest.Spec.PrimaryModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A model as `vllm serve` takes it.
///
/// @param name a hub's name, or a folder; the same for all workers, as NIXL compares it
/// @param revision of the hub; empty: the newest
/// @param servedName what clients call it
/// @param local whether all of it is on this machine
record VllmModel(String name, String revision, String servedName, boolean local) {
    private static final String HUB = "hf://";
    private static final String FILE = "file:";

    /// From `spec.models.primary`; CONFIGURATION where a folder holds no model.
    static VllmModel of(PrimaryModel model) {
        return model.id().startsWith(HUB)
                ? ofHub(model.id().substring(HUB.length()), model.servedName().orElse(""))
                : ofFolder(
                        Path.of(model.id().substring(FILE.length())),
                        model.servedName().orElse(""));
    }

    private static VllmModel ofHub(String reference, String servedName) {
        int at = reference.indexOf('@');
        String name = at < 0 ? reference : reference.substring(0, at);
        String revision = at < 0 ? "" : reference.substring(at + 1);
        return new VllmModel(name, revision, servedName.isEmpty() ? name : servedName, false);
    }

    private static VllmModel ofFolder(Path given, String servedName) {
        Path folder = given.toAbsolutePath().normalize();
        if (!Files.isRegularFile(folder.resolve("config.json"))) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "%s holds no config.json; vLLM wants a folder as transformers saves it".formatted(folder));
        }
        String last = String.valueOf(folder.getFileName());
        return new VllmModel(folder.toString(), "", servedName.isEmpty() ? last : servedName, true);
    }

    List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of(name));
        if (!revision.isEmpty()) {
            arguments.addAll(List.of("--revision", revision));
        }
        arguments.addAll(List.of("--served-model-name", servedName));
        return arguments;
    }
}
