package io.llmserve.manifest;

import io.llmserve.manifest.Deployment.Engine;
import io.llmserve.manifest.Spec.KvCache;
import io.llmserve.manifest.Spec.KvDtype;
import io.llmserve.manifest.Spec.ModelDtype;
import io.llmserve.manifest.Spec.PrimaryModel;
import java.util.Optional;

/// What one engine can do and the other cannot: a manifest that asks for it is refused where it is read.
record EngineFit(Engine engine) {
    void check(PrimaryModel model, KvCache cache) {
        switch (engine) {
            case EMBEDDED -> checkEmbedded(model);
            case VLLM -> checkVllm(model, cache);
        }
    }

    private static void checkEmbedded(PrimaryModel model) {
        refuse(model.dtype() != ModelDtype.AUTO, "models.primary.dtype", ScalarKind.write(model.dtype()), "auto");
        refuse(model.tensorParallel() != 1, "models.primary.tensor_parallel", "" + model.tensorParallel(), "1");
        refuse(model.pipelineParallel() != 1, "models.primary.pipeline_parallel", "" + model.pipelineParallel(), "1");
    }

    private static void checkVllm(PrimaryModel model, KvCache cache) {
        boolean folder = !model.id().startsWith("pypi://") && !model.id().endsWith(".gguf");
        if (!folder) {
            throw new Contradiction(
                    "models.primary.id",
                    "found '%s'; allowed with deployment.engine vllm: hf://organisation/name[@revision], or file:path of a"
                                    .formatted(model.id())
                            + " folder as transformers saves it");
        }
        if (cache.hbmDtype().equals(Optional.of(KvDtype.F32))) {
            throw new Contradiction("kv_cache.hbm_dtype", "found f32; allowed with deployment.engine vllm: bf16");
        }
    }

    private static void refuse(boolean wrong, String field, String found, String allowed) {
        if (wrong) {
            throw new Contradiction(
                    field, "found %s; allowed with deployment.engine embedded: %s".formatted(found, allowed));
        }
    }
}
