package io.llmserve.routing.kv;

/// What has happened to the index since it began, and what it holds.
///
/// @param stored blocks that events added, copies included
/// @param removed blocks that events took away
/// @param orphaned stored blocks whose parent is not known, so that neither are they
/// @param passedOver blocks of other groups or sizes than the ones followed
/// @param evicted blocks that went as a worker's limit was reached
/// @param pairs of a block and a worker in a medium, and those guessed
/// @param bytes of the tables
public record KvIndexFigures(
        long stored, long removed, long orphaned, long passedOver, long evicted, long pairs, long bytes) {}
