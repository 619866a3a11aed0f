package io.llmserve.app;

import io.llmserve.manifest.ManifestSchema;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "schema",
        mixinStandardHelpOptions = true,
        description = "Prints the JSON Schema of the manifest, for editors.",
        footerHeading = "%nExample:%n",
        footer = {
            "  llmserve schema > llmserve.schema.json",
            "  and as first line of the manifest: # yaml-language-server: $schema=llmserve.schema.json"
        })
final class SchemaCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().getOut().print(ManifestSchema.json());
        spec.commandLine().getOut().flush();
    }
}
