package io.llmserve.transfer.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Page memory as a file: whose it is, who may read it, and that nothing is left behind.
class SharedFileTest {
    @TempDir
    private Path folder;

    @Test
    void onlyItsUserMayReadItAndClosingDeletesIt() throws IOException {
        PageMemory memory = PageMemory.allocate(1 << 20, folder);
        Path file = files().getFirst();
        assertThat(Files.size(file)).isEqualTo(1 << 20);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");

        memory.close();
        assertThat(files()).isEmpty();
    }

    @Test
    void whatIsWrittenIntoTheMemoryIsInTheFile() throws IOException {
        try (PageMemory memory = PageMemory.allocate(8192, folder)) {
            memory.segment().set(ValueLayout.JAVA_BYTE, 5000, (byte) 42);
            assertThat(Files.readAllBytes(files().getFirst())[5000]).isEqualTo((byte) 42);
        }
    }

    @Test
    void whatAKilledProcessLeftIsDeletedAndWhatLivesIsKept() throws Exception {
        Process killed = new ProcessBuilder("sleep", "1000").start();
        String ours;
        try (PageMemory first = PageMemory.allocate(8192, folder)) {
            ours = String.valueOf(files().getFirst().getFileName());
            long start = killed.toHandle().info().startInstant().orElseThrow().toEpochMilli();
            String theirs =
                    ours.replaceFirst("-\\d+-\\d+-\\w{16}$", "-%d-%d-0123456789abcdef".formatted(killed.pid(), start));
            Path left = Files.createFile(folder.resolve(theirs));
            PageMemory.allocate(4096, folder).close();
            assertThat(left).exists();

            killed.destroyForcibly().waitFor();
            PageMemory.allocate(4096, folder).close();
            assertThat(left).doesNotExist();
            assertThat(files())
                    .extracting(file -> String.valueOf(file.getFileName()))
                    .containsExactly(ours);
            assertThat(first.file()).isPresent();
        }
    }

    @Test
    void withoutSuchAFolderTheMemoryIsPrivateAndSaysWhy() {
        try (PageMemory memory = PageMemory.allocate(4096, folder.resolve("none"))) {
            assertThat(memory.file()).isEmpty();
            assertThat(memory.unshared()).contains("there is no such folder");
            assertThat(memory.segment().byteSize()).isEqualTo(4096);
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.toList();
        }
    }
}
