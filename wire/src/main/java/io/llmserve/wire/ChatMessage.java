package io.llmserve.wire;

/// One turn of a conversation. The text parts of a content list are joined by line breaks, as vLLM does.
///
/// @param role `system`, `developer`, `user` or `assistant`
public record ChatMessage(String role, String content) {}
