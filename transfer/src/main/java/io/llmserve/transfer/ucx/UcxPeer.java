package io.llmserve.transfer.ucx;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// What a peer offers: where its pages lie in its address space, its worker's address and the key to its
/// memory. As bytes: `base u64, bytes u64, length u32 and address, length u32 and key`. Another life of the
/// same worker is another peer.
record UcxPeer(long base, long bytes, byte[] address, byte[] key) {
    byte[] encode() {
        return ByteBuffer.allocate(16 + 4 + address.length + 4 + key.length)
                .putLong(base)
                .putLong(bytes)
                .putInt(address.length)
                .put(address)
                .putInt(key.length)
                .put(key)
                .array();
    }

    /// Throws [BufferUnderflowException] or [NegativeArraySizeException] when the bytes are no offer.
    static UcxPeer decode(byte[] offer) {
        ByteBuffer in = ByteBuffer.wrap(offer);
        return new UcxPeer(in.getLong(), in.getLong(), bytes(in), bytes(in));
    }

    private static byte[] bytes(ByteBuffer in) {
        byte[] value = new byte[Math.min(in.getInt(), in.remaining() + 1)];
        in.get(value);
        return value;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UcxPeer(long otherBase, long otherBytes, byte[] otherAddress, byte[] otherKey)
                && base == otherBase
                && bytes == otherBytes
                && Arrays.equals(address, otherAddress)
                && Arrays.equals(key, otherKey);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(address) + Arrays.hashCode(key);
    }
}
