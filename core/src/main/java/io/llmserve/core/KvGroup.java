package io.llmserve.core;

/// The layers that a block's pages are of, in models whose layers keep different parts of the context.
///
/// @param index as the engine counts; 0 in models whose layers are alike
/// @param wholeContext false where layers keep a window or a state only, so that their blocks do not tell
///     whether a prefix is there. Engines say so with stored blocks only: it is true of removed ones
public record KvGroup(int index, boolean wholeContext) {
    public static final KvGroup ALL_LAYERS = new KvGroup(0, true);
}
