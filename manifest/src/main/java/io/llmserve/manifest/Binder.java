package io.llmserve.manifest;

import io.llmserve.manifest.Shape.Member;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/// YAML nodes to records. Goes on after a problem, so that all of them are told at once. Used for one document.
final class Binder {
    private final String source;
    private final Map<String, Setting> settings;
    private final List<Problem> problems = new ArrayList<>();

    /// @param settings values that stand above the document, by path
    Binder(String source, Map<String, Setting> settings) {
        this.source = source;
        this.settings = settings;
    }

    List<Problem> problems() {
        return problems;
    }

    /// The record, or null when a problem was found in it. A null node stands for what the document leaves out.
    <T extends Record> @Nullable T bindRecord(Class<T> type, @Nullable Node node, String path, Location parent) {
        Location location = node == null ? parent : locationOf(node);
        Shape shape = Shape.of(type);
        MappingNode mapping = null;
        if (node instanceof MappingNode found) {
            mapping = found;
        } else if (node != null) {
            report(location, path, "found %s; allowed: the fields %s".formatted(describe(node), listed(shape)));
            return null;
        }
        if (mapping != null) {
            checkNames(shape, mapping, path);
        }
        List<@Nullable Object> values = new ArrayList<>();
        for (Member member : shape.members()) {
            values.add(
                    bindMember(member, mapping, path.isEmpty() ? member.name() : path + "." + member.name(), location));
        }
        return values.contains(null) ? null : construct(type, values, mapping, path, location);
    }

    private @Nullable Object bindMember(Member member, @Nullable MappingNode mapping, String path, Location location) {
        Node node = mapping == null ? null : find(mapping, member.name());
        if (member.list()) {
            return bindList(member, node, path);
        }
        if (member.group()) {
            return bindRecord(member.value().asSubclass(Record.class), node, path, location);
        }
        Object value = bindScalar(member, node, path, location);
        return member.optional() && !settings.containsKey(path) && node == null
                ? Optional.empty()
                : wrap(member, value);
    }

    private static @Nullable Object wrap(Member member, @Nullable Object value) {
        return value != null && member.optional() ? Optional.of(value) : value;
    }

    private @Nullable Object bindList(Member member, @Nullable Node node, String path) {
        if (node == null) {
            return defaultList(member);
        }
        if (!(node instanceof SequenceNode sequence)) {
            report(locationOf(node), path, "found %s; allowed: a list".formatted(describe(node)));
            return null;
        }
        List<Object> items = new ArrayList<>();
        for (Node item : sequence.getValue()) {
            Object bound = bindItem(member, item, path + "[" + items.size() + "]");
            if (bound != null) {
                items.add(bound);
            }
        }
        return items.size() == sequence.getValue().size() ? List.copyOf(items) : null;
    }

    private static List<Object> defaultList(Member member) {
        return member.scalar()
                .map(kind -> member.defaultItems().stream()
                        .map(text -> kind.parse(text, member.value()).orElseThrow())
                        .toList())
                .orElse(List.of());
    }

    private @Nullable Object bindItem(Member member, Node item, String path) {
        return member.group()
                ? bindRecord(member.value().asSubclass(Record.class), item, path, locationOf(item))
                : bindNode(member, member.scalar().orElseThrow(), item, path);
    }

    private @Nullable Object bindScalar(Member member, @Nullable Node node, String path, Location parent) {
        ScalarKind kind = member.scalar().orElseThrow(() -> new IllegalStateException(path));
        Setting setting = settings.get(path);
        if (setting != null) {
            return parse(member, kind, setting.text(), Location.flag(setting.flag()), path);
        }
        if (node == null) {
            String fallback = member.field().byDefault();
            if (member.required()) {
                report(parent, path, "is missing; allowed: " + Constraint.allowed(member, kind));
            }
            return fallback.isEmpty()
                    ? null
                    : kind.parse(fallback, member.value()).orElseThrow();
        }
        return bindNode(member, kind, node, path);
    }

    private @Nullable Object bindNode(Member member, ScalarKind kind, Node node, String path) {
        if (!(node instanceof ScalarNode scalar) || !fits(kind, scalar)) {
            report(locationOf(node), path, refusal(member, kind, node));
            return null;
        }
        return parse(member, kind, scalar.getValue(), locationOf(node), path);
    }

    /// A quoted number is text, and `true` is no text: the kinds of YAML and of the field must agree.
    private static boolean fits(ScalarKind kind, ScalarNode scalar) {
        boolean isText = scalar.getTag().equals(Tag.STR);
        return switch (kind) {
            case TEXT, SIZE, TIME, CHOICE -> isText;
            case WHOLE_NUMBER -> scalar.getTag().equals(Tag.INT);
            case TRUTH -> scalar.getTag().equals(Tag.BOOL);
        };
    }

    private @Nullable Object parse(Member member, ScalarKind kind, String text, Location location, String path) {
        Optional<Object> value = kind.parse(text, member.value());
        Optional<String> violation = value.isEmpty()
                ? Optional.of(refusal(member, kind, text, "'" + text + "'"))
                : Constraint.violation(member, kind, value.get());
        violation.ifPresent(message -> report(location, path, message));
        return violation.isPresent() ? null : value.get();
    }

    private static String refusal(Member member, ScalarKind kind, Node node) {
        String text = node instanceof ScalarNode scalar ? scalar.getValue() : "";
        return refusal(member, kind, text, describe(node));
    }

    private static String refusal(Member member, ScalarKind kind, String text, String found) {
        return "found %s; allowed: %s%s"
                .formatted(found, Constraint.allowed(member, kind), Suggestion.forValue(member, kind, text));
    }

    private void checkNames(Shape shape, MappingNode mapping, String path) {
        Set<String> seen = new HashSet<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Node key = tuple.getKeyNode();
            String name = key instanceof ScalarNode scalar ? scalar.getValue() : describe(key);
            String fieldPath = path.isEmpty() ? name : path + "." + name;
            if (!seen.add(name)) {
                report(locationOf(key), fieldPath, "is written twice; allowed: once");
            } else if (!shape.names().contains(name)) {
                report(locationOf(key), fieldPath, Suggestion.forUnknown(name, shape));
            }
        }
    }

    private <T extends Record> @Nullable T construct(
            Class<T> type,
            List<@Nullable Object> values,
            @Nullable MappingNode mapping,
            String path,
            Location location) {
        try {
            @SuppressWarnings("unchecked")
            Constructor<T> canonical = (Constructor<T>) type.getDeclaredConstructors()[0];
            return canonical.newInstance(values.toArray());
        } catch (InvocationTargetException failure) {
            if (!(failure.getCause() instanceof Contradiction contradiction)) {
                throw new IllegalStateException("%s: %s".formatted(path, failure.getCause()), failure);
            }
            Node at = mapping == null ? null : nearest(mapping, contradiction.field());
            String field = contradiction.field().isEmpty() ? path : path + "." + contradiction.field();
            report(at == null ? location : locationOf(at), field, contradiction.message());
            return null;
        } catch (ReflectiveOperationException failure) {
            throw new IllegalStateException(type.getName(), failure);
        }
    }

    private void report(Location location, String path, String message) {
        problems.add(new Problem(location, path, message));
    }

    private Location locationOf(Node node) {
        return node.getStartMark()
                .map(mark -> new Location(source, mark.getLine() + 1, mark.getColumn() + 1))
                .orElse(new Location(source, 1, 1));
    }

    private static @Nullable Node find(MappingNode mapping, String name) {
        for (NodeTuple tuple : mapping.getValue()) {
            if (tuple.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name)) {
                return tuple.getValueNode();
            }
        }
        return null;
    }

    /// The node at a path below a mapping, or where the document has none, the last one on the way there.
    private static @Nullable Node nearest(MappingNode mapping, String path) {
        Node at = null;
        Node below = mapping;
        for (String step : path.split("[.]|(?=\\[)", -1)) {
            below = child(below, step);
            if (below == null) {
                return at;
            }
            at = below;
        }
        return at;
    }

    /// @param step a name, or an index such as `[2]`
    private static @Nullable Node child(Node node, String step) {
        return switch (node) {
            case MappingNode group -> find(group, step);
            case SequenceNode list
            when step.startsWith("[") -> list.getValue().get(Integer.parseInt(step.substring(1, step.length() - 1)));
            default -> null;
        };
    }

    private static String describe(Node node) {
        return switch (node) {
            case MappingNode mapping ->
                "a mapping of %d fields".formatted(mapping.getValue().size());
            case SequenceNode sequence ->
                "a list of %d".formatted(sequence.getValue().size());
            case ScalarNode scalar when scalar.getTag().equals(Tag.NULL) -> "nothing";
            case ScalarNode scalar
            when scalar.getTag().equals(Tag.STR) -> "the text '%s'".formatted(Suggestion.shortened(scalar.getValue()));
            case ScalarNode scalar -> Suggestion.shortened(scalar.getValue());
            default -> node.getNodeType().toString();
        };
    }

    private static String listed(Shape shape) {
        return String.join(", ", shape.names());
    }
}
