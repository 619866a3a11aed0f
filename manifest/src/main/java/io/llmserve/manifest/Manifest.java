package io.llmserve.manifest;

/// What the user wants to run: one YAML document.
public record Manifest(
        @Field(name = "apiVersion", doc = "Version of this format.")
        ApiVersion apiVersion,

        @Field(doc = "What this document is.") Kind kind,

        @Field(doc = "Names the system.") Metadata metadata,
        @Field(doc = "What to run.") Spec spec) {

    public enum ApiVersion {
        V1
    }

    public enum Kind {
        LLM_SERVE;

        @Override
        public String toString() {
            return "LLMServe";
        }
    }

    public record Metadata(
            @Field(
                    doc = "Name of the system, shown in the banner and in `status`.",
                    byDefault = "llmserve",
                    pattern = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
                    patternWords = "1 to 63 lower-case letters, digits and '-', as in a DNS label")
            String name) {
        public Metadata {
            Constraint.checkAll(Metadata.class, name);
        }
    }
}
