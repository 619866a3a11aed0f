package io.llmserve.manifest;

/// A value that stands above the document's: `--port 9000` for `spec.server.port`.
///
/// @param flag how the user named it, for messages
public record Setting(String flag, String text) {}
