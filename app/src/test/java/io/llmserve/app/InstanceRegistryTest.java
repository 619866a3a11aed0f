package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.app.InstanceRegistry.Instance;
import io.llmserve.manifest.FlatManifest;
import io.llmserve.manifest.ManifestReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceRegistryTest {
    @TempDir
    private Path folder;

    private static FlatManifest manifest(String spec) {
        return FlatManifest.of(new ManifestReader(Map.of())
                .readText("t.yaml", "apiVersion: v1\nkind: LLMServe\nspec: " + spec)
                .orThrow());
    }

    @Test
    void findsAnInstanceUntilItEnds() throws Exception {
        InstanceRegistry registry = new InstanceRegistry(folder.resolve("instances"));
        assertThat(registry.running()).isEmpty();

        try (InstanceRegistry.Entry entry = registry.register(manifest("{server: {port: 8123}}"))) {
            assertThat(entry).isNotNull();
            Instance instance = registry.running().getFirst();
            assertThat(instance.processId()).isEqualTo(ProcessHandle.current().pid());
            assertThat(instance.value("spec.server.port")).isEqualTo("8123");
            assertThat(instance.manifest().changesTo(manifest("{server: {port: 8123}}")))
                    .isEmpty();
        }
        assertThat(registry.running()).isEmpty();
    }

    @Test
    void forgetsWhoDiedOrLostItsNumberToAnother() throws Exception {
        Path dead = Files.writeString(folder.resolve("999999999.properties"), "started=2020-01-01T00\\:00\\:00Z\n");
        Path reused = Files.writeString(
                folder.resolve(ProcessHandle.current().pid() + ".properties"), "started=2020-01-01T00\\:00\\:00Z\n");
        Path foreign = Files.writeString(folder.resolve("notes.properties"), "a=b\n");

        assertThat(new InstanceRegistry(folder).running()).isEmpty();
        assertThat(dead).doesNotExist();
        assertThat(reused).doesNotExist();
        assertThat(foreign).doesNotExist();
    }

    @Test
    void planTellsWhatARestartWouldChange() {
        Instance running = new Instance(42, java.time.Instant.EPOCH, manifest("{server: {port: 8123}}"));
        StringWriter text = new StringWriter();

        ApplyCommand.printPlan(new PrintWriter(text, true), manifest("{server: {port: 8124}}"), Optional.of(running));
        assertThat(text.toString())
                .contains("1 fields change for process 42", "spec.server.port: 8123 -> 8124", "restart");
    }

    @Test
    void planSaysWhenNothingChanges() {
        Instance running = new Instance(42, java.time.Instant.EPOCH, manifest("{}"));
        StringWriter text = new StringWriter();

        ApplyCommand.printPlan(new PrintWriter(text, true), manifest("{}"), Optional.of(running));
        assertThat(text.toString()).startsWith("Nothing changes: process 42");
    }
}
