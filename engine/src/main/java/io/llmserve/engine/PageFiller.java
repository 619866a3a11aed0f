package io.llmserve.engine;

/// Brings the pages of one prompt from elsewhere. Called on the engine's thread: must not block and must not
/// throw.
public interface PageFiller {
    /// Pages are set aside: fill them on a thread of your own, then call [PageImport#close] once. Called at most
    /// once, and not at all where the generation ends before there is room for it. Where all was found here
    /// ([PageImport#first()] is [PageImport#end()]) there is nothing to fill, but still to close.
    void fill(PageImport pages);

    /// The generation has ended: stop, and close the import. Called only between [#fill] and the close.
    void stop();
}
