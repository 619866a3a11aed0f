package io.llmserve.transfer.data;

/// One page on its way: from `remoteOffset` in the peer's page memory to `localOffset` in ours.
///
/// @param index which page of the transfer, from 0
public record PageRead(int index, long remoteOffset, long localOffset) {}
