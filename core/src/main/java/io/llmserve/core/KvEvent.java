package io.llmserve.core;

import static io.llmserve.core.Checks.check;

import java.util.OptionalLong;

/// What a worker tells about the blocks in its prefix cache.
///
/// A block's name is 64 bits of the engine's own hash. It means nothing outside that worker: blocks of two
/// engines are the same when their tokens, marks and all before them are.
public sealed interface KvEvent {
    /// Blocks that follow each other have been cached.
    ///
    /// @param names of the blocks, in the prompt's order
    /// @param parent the name of the block before the first; empty at the beginning of a prompt
    /// @param tokens of all blocks; none where blocks told of before are now in this medium too
    /// @param marks one per block, 0 for none: what else a block depends on (salt, images), as
    ///     [BlockHasher#mark]; empty where no block has any
    /// @param adapter "" for none
    record Stored(
            long[] names,
            OptionalLong parent,
            int[] tokens,
            int blockTokens,
            long[] marks,
            String adapter,
            KvMedium medium,
            KvGroup group)
            implements KvEvent {
        public Stored {
            check(
                    marks.length == 0 || marks.length == names.length,
                    "%d marks for %d blocks",
                    marks.length,
                    names.length);
            check(
                    tokens.length == 0 || (blockTokens > 0 && tokens.length >= (long) names.length * blockTokens),
                    "%d tokens for %d blocks of %d",
                    tokens.length,
                    names.length,
                    blockTokens);
        }
    }

    /// One copy of each of these blocks is gone.
    record Removed(long[] names, KvMedium medium, KvGroup group) implements KvEvent {}

    /// Nothing is cached any more, in any medium.
    record Cleared() implements KvEvent {}
}
