package io.llmserve.transfer.data;

import io.llmserve.transfer.link.Deadline;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;

/// Reads pages out of the peer's shared file: one copy by the kernel, straight into our page. The peer
/// does nothing. A read, not a mapping: no page faults, and a peer that dies can't pull memory from under
/// us.
public final class ShmEngine implements DataEngine {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final SharedFile file;
    private final MemorySegment pages;
    private final String host;

    private ShmEngine(SharedFile file, MemorySegment pages, String host) {
        this.file = file;
        this.pages = pages;
        this.host = host;
    }

    public static ShmEngine open(PageMemory memory) {
        SharedFile file = memory.file().orElseThrow(() -> lacks(memory.unshared()));
        try {
            return new ShmEngine(
                    file, memory.segment(), Files.readString(BOOT_ID).strip());
        } catch (IOException e) {
            throw lacks("this host can't be told from others: " + e.getMessage());
        }
    }

    @Override
    public EngineKind kind() {
        return EngineKind.SHM;
    }

    @Override
    public byte[] offer() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeUTF(host);
            out.writeUTF(file.path().toString());
            out.writeLong(file.bytes());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteArray();
    }

    @Override
    public PageReader connect(byte[] offer, int pageBytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(offer))) {
            if (!in.readUTF().equals(host)) {
                throw lacks("the peer is on another host");
            }
            Path path = Path.of(in.readUTF());
            return new Reader(openPeer(path, in.readLong()), pageBytes);
        } catch (IOException | IllegalArgumentException e) {
            throw lacks("the peer's shared memory can't be opened: " + e);
        }
    }

    /// Only files that look like one of ours, in the folder of ours: a peer must not make us read others.
    private FileChannel openPeer(Path path, long bytes) throws IOException {
        if (!SharedFile.named(path) || !path.normalize().startsWith(file.path().resolveSibling(""))) {
            throw lacks("the peer names a file that is no page memory");
        }
        FileChannel channel = FileChannel.open(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        if (channel.size() != bytes) {
            channel.close();
            throw lacks("the peer's shared memory has %d bytes, announced were %d".formatted(channel.size(), bytes));
        }
        return channel;
    }

    private static TransferException lacks(String reason) {
        return new TransferException(TransferFailure.ENGINE, reason);
    }

    @Override
    public void close() {
        // The file is the memory's.
    }

    private final class Reader implements PageReader {
        private final FileChannel channel;
        private final int pageBytes;

        Reader(FileChannel channel, int pageBytes) {
            this.channel = channel;
            this.pageBytes = pageBytes;
        }

        @Override
        public void read(List<PageRead> batch, IntConsumer arrived, Deadline deadline) {
            for (PageRead page : batch) {
                if (deadline.passed()) {
                    throw new TransferException(TransferFailure.DEADLINE, "pages were not copied in time");
                }
                copy(page);
                arrived.accept(page.index());
            }
        }

        private void copy(PageRead page) {
            ByteBuffer into = pages.asSlice(page.localOffset(), pageBytes).asByteBuffer();
            try {
                while (into.hasRemaining()) {
                    if (channel.read(into, page.remoteOffset() + into.position()) < 0) {
                        throw lacks("page %d is beyond the peer's memory".formatted(page.index()));
                    }
                }
            } catch (IOException | IllegalArgumentException e) {
                throw lacks("page %d can't be copied: %s".formatted(page.index(), e));
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                // Opened for reading: nothing can be lost.
            }
        }
    }
}
