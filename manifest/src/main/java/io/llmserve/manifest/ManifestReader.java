package io.llmserve.manifest;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/// The text of a manifest to a [Manifest], strictly: what is not known is refused, and all problems are told at once.
public final class ManifestReader {
    /// Far beyond any manifest; keeps a wrong file (a model, a log) from being parsed.
    static final int LARGEST_FILE_BYTES = 256 << 10;

    private static final int DEEPEST_NESTING = 16;

    private final Map<String, Setting> settings;

    /// @param settings values of flags that stand above the document, by path such as `spec.server.port`
    public ManifestReader(Map<String, Setting> settings) {
        this.settings = Map.copyOf(settings);
    }

    /// The built-in manifest: every default, and the flags above it.
    public ManifestReading readNothing() {
        return readText("built-in manifest", "apiVersion: v1\nkind: LLMServe\n");
    }

    /// Throws [ServeException] (CONFIGURATION) where there is no readable file.
    public ManifestReading readFile(Path file) {
        try (InputStream stream = Files.newInputStream(file)) {
            byte[] bytes = stream.readNBytes(LARGEST_FILE_BYTES + 1);
            if (bytes.length > LARGEST_FILE_BYTES) {
                return rejected(
                        start(file.toString()),
                        "the file has over %d bytes; allowed: at most that many".formatted(LARGEST_FILE_BYTES));
            }
            return readText(
                    file.toString(),
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString());
        } catch (NoSuchFileException missing) {
            throw new ServeException(
                    Failure.CONFIGURATION, "there is no manifest %s; name one with -f".formatted(file), missing);
        } catch (CharacterCodingException malformed) {
            return rejected(start(file.toString()), "the file is not UTF-8 text; allowed: YAML");
        } catch (IOException failure) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "the manifest %s cannot be read: %s".formatted(file, failure.getMessage()),
                    failure);
        }
    }

    /// @param source names the text in messages
    public ManifestReading readText(String source, String text) {
        try {
            List<Problem> problems = documentProblems(source, text);
            if (!problems.isEmpty()) {
                return new ManifestReading.Rejected(problems);
            }
            Optional<Node> root = new Compose(loadSettings(source)).composeString(text);
            return root.isPresent() ? bind(source, root.get()) : rejected(start(source), "the manifest is empty");
        } catch (MarkedYamlEngineException failure) {
            Location at =
                    failure.getProblemMark().map(mark -> location(source, mark)).orElse(start(source));
            return rejected(at, "not YAML: " + failure.getProblem());
        } catch (YamlEngineException failure) {
            return rejected(start(source), "not YAML: " + failure.getMessage());
        }
    }

    private ManifestReading bind(String source, Node root) {
        Binder binder = new Binder(source, settings);
        Manifest manifest = binder.bindRecord(Manifest.class, root, "", start(source));
        return manifest == null || !binder.problems().isEmpty()
                ? new ManifestReading.Rejected(binder.problems())
                : new ManifestReading.Accepted(manifest);
    }

    /// What can be told from the events alone. Aliases are refused: a few lines of them unfold to gigabytes.
    private static List<Problem> documentProblems(String source, String text) {
        List<Problem> problems = new ArrayList<>();
        int documents = 0;
        int depth = 0;
        for (Event event : new Parse(loadSettings(source)).parseString(text)) {
            Location at =
                    event.getStartMark().map(mark -> location(source, mark)).orElse(start(source));
            if (event instanceof AliasEvent alias) {
                problems.add(new Problem(
                        at, "", "found the alias *%s; allowed: the value itself".formatted(alias.getAlias())));
                return problems;
            }
            depth += event instanceof CollectionStartEvent ? 1 : event instanceof CollectionEndEvent ? -1 : 0;
            if (depth > DEEPEST_NESTING) {
                problems.add(new Problem(at, "", "nested over %d deep".formatted(DEEPEST_NESTING)));
                return problems;
            }
            if (event instanceof DocumentStartEvent && ++documents == 2) {
                problems.add(new Problem(at, "", "a second document starts here; allowed: one document in a file"));
                return problems;
            }
        }
        return problems;
    }

    private static LoadSettings loadSettings(String source) {
        return LoadSettings.builder()
                .setLabel(source)
                .setMaxAliasesForCollections(1)
                .setCodePointLimit(LARGEST_FILE_BYTES)
                .setAllowDuplicateKeys(true)
                .build();
    }

    private static Location location(String source, Mark mark) {
        return new Location(source, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private static Location start(String source) {
        return new Location(source, 1, 1);
    }

    private static ManifestReading rejected(Location at, String message) {
        return new ManifestReading.Rejected(List.of(new Problem(at, "", message)));
    }
}
