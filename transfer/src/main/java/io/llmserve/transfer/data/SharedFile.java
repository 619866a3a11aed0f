package io.llmserve.transfer.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Page memory as a file in the system's memory file system: `llmserve-kv-NAMESPACE-PID-START-RANDOM`,
/// mode 0600. Its owner deletes it; what a killed process left is deleted by the next process of the same
/// PID namespace that makes one. Nobody ever shortens a file, so a mapping is always whole.
record SharedFile(Path path, long bytes) {
    static final Path FOLDER = Path.of("/dev/shm");
    private static final String PREFIX = "llmserve-kv-";
    private static final Pattern NAME = Pattern.compile(PREFIX + "(\\w+)-(\\d+)-(\\d+)-[0-9a-f]{16}");
    private static final int CHUNK_BYTES = 4 << 20;

    /// Makes the file and takes all its memory, so that no write into it can fail later.
    static SharedFile create(Path folder, long bytes) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException("there is no such folder");
        }
        sweep(folder);
        ProcessHandle self = ProcessHandle.current();
        String name = "%s%s-%d-%d-%016x"
                .formatted(PREFIX, namespace(), self.pid(), startMillis(self), new SecureRandom().nextLong());
        Path path = folder.resolve(name);
        try (FileChannel channel = FileChannel.open(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(bytes, CHUNK_BYTES));
            for (long at = 0; at < bytes; at += zeros.limit()) {
                channel.write(zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at)), at);
            }
            if (channel.size() != bytes) {
                throw new IOException("only %d of %d bytes could be taken".formatted(channel.size(), bytes));
            }
        } catch (IOException e) {
            Files.deleteIfExists(path);
            throw e;
        }
        return new SharedFile(path, bytes);
    }

    MemorySegment map(Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
        }
    }

    void delete() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            path.toFile().deleteOnExit();
        }
    }

    static boolean named(Path path) {
        return NAME.matcher(String.valueOf(path.getFileName())).matches();
    }

    /// Deletes the files of processes of our namespace that are no more.
    private static void sweep(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*")) {
            for (Path file : files) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches() && name.group(1).equals(namespace()) && orphaned(name)) {
                    try {
                        Files.delete(file);
                    } catch (NoSuchFileException e) {
                        // Another process was faster.
                    } catch (IOException e) {
                        // Another user's: not ours to delete.
                    }
                }
            }
        }
    }

    private static boolean orphaned(Matcher name) {
        Optional<ProcessHandle> owner = ProcessHandle.of(Long.parseLong(name.group(2)));
        return owner.isEmpty() || startMillis(owner.get()) != Long.parseLong(name.group(3));
    }

    private static long startMillis(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    /// PIDs mean something only within one PID namespace; containers that share the folder have different
    /// ones.
    private static String namespace() {
        try {
            String link = Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
            return link.replaceAll("\\D", "");
        } catch (IOException | UnsupportedOperationException e) {
            return "0";
        }
    }
}
