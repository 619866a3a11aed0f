package io.llmserve.models;

import static io.llmserve.models.ModelFileFailure.damaged;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A model that lies whole in the store: a folder with its files and a manifest that says what they are.
///
/// @param source the URI with its version or revision
/// @param revision what the source says it is: a version, a commit
/// @param main what to open: a `.gguf` file, or the folder itself
public record StoredModel(
        ModelUri source, String revision, Instant pulled, Path folder, Path main, List<StoredFile> files) {

    /// Its last line is `end`, so that a manifest that broke off is none.
    static final String MANIFEST = ".llmserve-model";

    private static final String HEADER = "llmserve-model 1";
    private static final int MAX_MANIFEST_BYTES = 1 << 20;

    /// @param modifiedMillis of the file when it was checked: a file changed since is not taken for the checked one
    public record StoredFile(String name, long bytes, String sha256, long modifiedMillis) {}

    public StoredModel {
        files = List.copyOf(files);
    }

    public long bytes() {
        return files.stream().mapToLong(StoredFile::bytes).sum();
    }

    /// The model in `folder`, or nothing where there is no manifest of ours.
    static Optional<StoredModel> read(Path folder) {
        Path manifest = folder.resolve(MANIFEST);
        try {
            if (!Files.isRegularFile(manifest)) {
                return Optional.empty();
            }
            if (Files.size(manifest) > MAX_MANIFEST_BYTES) {
                throw damaged(manifest, "it has more than %d bytes", MAX_MANIFEST_BYTES);
            }
            return Optional.of(parse(folder, manifest, Files.readAllLines(manifest)));
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(manifest, e);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw damaged(manifest, e, "%s", e.getMessage());
        }
    }

    private static StoredModel parse(Path folder, Path manifest, List<String> lines) {
        if (lines.size() < 6
                || !lines.getFirst().equals(HEADER)
                || !lines.getLast().equals("end")) {
            throw damaged(manifest, "it is no whole manifest of %s", HEADER);
        }
        List<StoredFile> files = new ArrayList<>();
        for (String line : lines.subList(5, lines.size() - 1)) {
            String[] fields = field(line, "file").split(" ", 4);
            if (fields.length < 4 || fields[3].startsWith("/") || fields[3].contains("..")) {
                throw damaged(manifest, "the line '%s' is no file", line);
            }
            files.add(new StoredFile(fields[3], Long.parseLong(fields[1]), fields[0], Long.parseLong(fields[2])));
        }
        return new StoredModel(
                ModelUri.parse(field(lines.get(1), "source")),
                field(lines.get(2), "revision"),
                Instant.parse(field(lines.get(3), "pulled")),
                folder,
                folder.resolve(field(lines.get(4), "main")).normalize(),
                files);
    }

    private static String field(String line, String key) {
        if (!line.startsWith(key + " ")) {
            throw new IllegalArgumentException("'%s' stands where %s belongs".formatted(line, key));
        }
        return line.substring(key.length() + 1);
    }

    void write() throws IOException {
        String main = folder.relativize(main()).toString();
        Stream<String> lines = Stream.of(
                HEADER,
                "source " + source,
                "revision " + revision,
                "pulled " + pulled,
                "main " + (main.isEmpty() ? "." : main));
        Stream<String> fileLines = files.stream()
                .map(file ->
                        "file %s %d %d %s".formatted(file.sha256(), file.bytes(), file.modifiedMillis(), file.name()));
        Files.write(
                folder.resolve(MANIFEST),
                Stream.concat(Stream.concat(lines, fileLines), Stream.of("end")).toList());
    }

    /// Whether every file is as long and as old as when it was checked.
    boolean isUnchanged() {
        return files.stream().allMatch(stored -> {
            try {
                Path file = folder.resolve(stored.name());
                return Files.size(file) == stored.bytes()
                        && Files.getLastModifiedTime(file).toMillis() == stored.modifiedMillis();
            } catch (IOException e) {
                return false;
            }
        });
    }

    /// Names the content of all files.
    String fingerprint() {
        if (files.size() == 1) {
            return files.getFirst().sha256();
        }
        var digest = FileHash.sha256();
        files.stream()
                .map(StoredFile::sha256)
                .sorted()
                .forEach(hash -> digest.update(hash.getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        return FileHash.hex(digest);
    }
}
