package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.FileHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;

/// A file that grows while it comes in, `NAME.part`, hashed on the way. Beside it `NAME.part.tag` keeps the server's
/// validator, by which a later pull asks for the rest only. It takes its name when it is whole.
final class PartFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 18;

    private final Path target;
    private final Path part;
    private final Path tag;
    private final Disk disk;
    private final FileChannel channel;
    private final MessageDigest sha256 = FileHash.sha256();
    private final MessageDigest gitBlob = ExpectedHash.Kind.GIT_BLOB.digest();
    private final long expectedBytes;
    private long length;

    /// @param expectedBytes goes into the git hash; -1 where unknown
    PartFile(Path target, Disk disk, long expectedBytes) throws IOException {
        this.target = target;
        this.part = target.resolveSibling(target.getFileName() + ".part");
        this.tag = target.resolveSibling(target.getFileName() + ".part.tag");
        this.disk = disk;
        this.expectedBytes = expectedBytes;
        this.channel =
                FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        startHashes();
        hashWhatIsThere();
    }

    long length() {
        return length;
    }

    Optional<String> validator() throws IOException {
        return Files.isRegularFile(tag)
                ? Optional.of(Files.readString(tag)).filter(text -> text.length() < 1024)
                : Optional.empty();
    }

    void keepValidator(Optional<String> validator) {
        try {
            if (validator.isPresent()) {
                Files.writeString(tag, validator.get());
            } else {
                Files.deleteIfExists(tag);
            }
        } catch (IOException e) {
            throw unwritable(e, Math.max(0, expectedBytes - length));
        }
    }

    /// A failed write ends in one sentence; for want of room, with the part removed.
    void append(byte[] bytes, int count, long stillNeededBytes) {
        try {
            disk.write(channel, ByteBuffer.wrap(bytes, 0, count));
        } catch (IOException e) {
            throw unwritable(e, stillNeededBytes);
        }
        sha256.update(bytes, 0, count);
        gitBlob.update(bytes, 0, count);
        length += count;
    }

    void restart() throws IOException {
        channel.truncate(0);
        channel.position(0);
        length = 0;
        sha256.reset();
        startHashes();
        Files.deleteIfExists(tag);
    }

    /// The hash of what is there, in hexadecimal.
    String hash(ExpectedHash.Kind kind) {
        return switch (kind) {
            case SHA256 -> FileHash.hex(copy(sha256));
            case GIT_BLOB -> FileHash.hex(copy(gitBlob));
        };
    }

    void delete() {
        try {
            channel.close();
            Files.deleteIfExists(part);
            Files.deleteIfExists(tag);
        } catch (IOException e) {
            throw new ServeException(
                    Failure.CONFIGURATION, "%s cannot be removed: %s".formatted(part, e.getMessage()), e);
        }
    }

    /// Gives the file its name, its bytes being on the disk.
    void finish() {
        try {
            channel.force(true);
            channel.close();
            Files.deleteIfExists(tag);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw unwritable(e, 0);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private ServeException unwritable(IOException e, long stillNeededBytes) {
        if (!DiskSpace.isFull(e)) {
            return new ServeException(
                    Failure.CONFIGURATION, "%s cannot be written: %s".formatted(part, e.getMessage()), e);
        }
        Path folder = part.toAbsolutePath().getParent();
        Path place = folder == null ? part : folder;
        long usable = 0;
        try {
            usable = disk.usableBytes(place);
        } catch (IOException unknown) {
            e.addSuppressed(unknown);
        }
        delete();
        return DiskSpace.exhausted(place, String.valueOf(target.getFileName()), stillNeededBytes, usable, e);
    }

    private void startHashes() {
        gitBlob.reset();
        gitBlob.update(("blob " + expectedBytes + "\0").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    private void hashWhatIsThere() throws IOException {
        byte[] bytes = new byte[(int) Math.min(BUFFER_BYTES, channel.size())];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (bytes.length > 0 && channel.read(buffer.clear()) > 0) {
            sha256.update(bytes, 0, buffer.position());
            gitBlob.update(bytes, 0, buffer.position());
            length += buffer.position();
        }
    }

    private static MessageDigest copy(MessageDigest digest) {
        try {
            return (MessageDigest) digest.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the JDK's digests can be cloned", e);
        }
    }
}
