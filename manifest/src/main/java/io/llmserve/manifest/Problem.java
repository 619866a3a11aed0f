package io.llmserve.manifest;

/// One thing that is wrong with a manifest.
///
/// @param path of the field, e.g. `spec.server.port`; empty for the document itself
/// @param message what was found and what is allowed
public record Problem(Location location, String path, String message) {
    @Override
    public String toString() {
        return location + ": " + (path.isEmpty() ? "" : path + ": ") + message;
    }
}
