package io.llmserve.manifest;

import io.llmserve.manifest.Shape.Member;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// A manifest with all its defaults as lines of path and value: what is in force, ready to be compared and stored.
/// Secrets appear as a digest only.
public record FlatManifest(Map<String, String> values) {
    public FlatManifest {
        values = Map.copyOf(values);
    }

    /// One field that differs; empty where the manifest does not have it.
    public record Change(String path, Optional<String> from, Optional<String> to) {
        @Override
        public String toString() {
            return "%s: %s -> %s".formatted(path, from.orElse("(none)"), to.orElse("(none)"));
        }
    }

    public static FlatManifest of(Manifest manifest) {
        Map<String, String> values = new TreeMap<>();
        flatten("", manifest, values);
        return new FlatManifest(values);
    }

    /// What `wanted` changes, by path.
    public List<Change> changesTo(FlatManifest wanted) {
        SortedSet<String> paths = new TreeSet<>(values.keySet());
        paths.addAll(wanted.values.keySet());
        List<Change> changes = new ArrayList<>();
        for (String path : paths) {
            Optional<String> from = Optional.ofNullable(values.get(path));
            Optional<String> to = Optional.ofNullable(wanted.values.get(path));
            if (!from.equals(to)) {
                changes.add(new Change(path, from, to));
            }
        }
        return changes;
    }

    private static void flatten(String prefix, Record record, Map<String, String> values) {
        List<Member> members = Shape.of(record.getClass()).members();
        for (int index = 0; index < members.size(); index++) {
            Member member = members.get(index);
            String path = prefix.isEmpty() ? member.name() : prefix + "." + member.name();
            put(path, component(record, index), values);
        }
    }

    private static void put(String path, Object value, Map<String, String> values) {
        switch (value) {
            case Optional<?> optional -> optional.ifPresent(present -> put(path, present, values));
            case Record record when !(record instanceof ByteSize) -> flatten(path, record, values);
            case List<?> items -> {
                for (int index = 0; index < items.size(); index++) {
                    put(path + "[" + index + "]", items.get(index), values);
                }
            }
            default -> values.put(path, secret(path) ? digest(value.toString()) : ScalarKind.write(value));
        }
    }

    private static boolean secret(String path) {
        return path.endsWith(".value")
                && (path.startsWith("spec.security.api_keys") || path.startsWith("spec.vllm.env"));
    }

    private static String digest(String secret) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
            return "sha256:" + HexFormat.of().formatHex(hash, 0, 6);
        } catch (NoSuchAlgorithmException failure) {
            throw new IllegalStateException(failure);
        }
    }

    static Object component(Record record, int index) {
        try {
            return record.getClass().getRecordComponents()[index].getAccessor().invoke(record);
        } catch (ReflectiveOperationException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
