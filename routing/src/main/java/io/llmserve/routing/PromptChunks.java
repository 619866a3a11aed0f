package io.llmserve.routing;

import java.util.Arrays;

/// A prompt as a router sees it that does not tokenise: its bytes, and a chain of hashes, one per whole chunk of
/// bytes, each over the chunk and all before it. Two prompts that begin alike have the same first hashes.
///
/// @param bytes of the whole prompt
/// @param hashes of its whole chunks
public record PromptChunks(int bytes, long[] hashes) {
    /// Some 64 tokens of English: four blocks of 16.
    public static final int CHUNK_BYTES = 256;

    /// FNV-1a is enough to tell prompts apart; the salt keeps tenants apart, whose prefixes are not shared.
    private static final long BASIS = 0xcbf29ce484222325L;

    private static final long PRIME = 0x100000001b3L;

    public static final PromptChunks NONE = new PromptChunks(0, new long[0]);

    /// The part `[from, to)` of `body` is the prompt.
    public static PromptChunks of(byte[] body, int from, int to, String salt) {
        long[] hashes = new long[(to - from) / CHUNK_BYTES];
        long hash = BASIS ^ (salt.hashCode() * PRIME);
        for (int chunk = 0; chunk < hashes.length; chunk++) {
            int start = from + chunk * CHUNK_BYTES;
            for (int i = start; i < start + CHUNK_BYTES; i++) {
                hash = (hash ^ body[i]) * PRIME;
            }
            hashes[chunk] = hash;
        }
        return new PromptChunks(to - from, hashes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PromptChunks(int otherBytes, long[] otherHashes)
                && bytes == otherBytes
                && Arrays.equals(hashes, otherHashes);
    }

    @Override
    public int hashCode() {
        return 31 * bytes + Arrays.hashCode(hashes);
    }
}
