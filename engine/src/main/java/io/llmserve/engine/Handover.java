package io.llmserve.engine;

/// What a generation has to do with the pages of another engine.
public sealed interface Handover {
    Handover NONE = new None();

    /// All is computed here and stays here.
    record None() implements Handover {}

    /// The pages of the prompt are offered to another engine, under this id, as each chunk of the prompt is
    /// computed; see [PageExports].
    record Offer(String transferId) implements Handover {}

    /// The pages of the prompt come from elsewhere, but for those that are cached here.
    record Fetch(PageFiller filler) implements Handover {}
}
