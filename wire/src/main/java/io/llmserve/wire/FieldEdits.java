package io.llmserve.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Changes to the fields of one JSON object, its own and not those of what is nested in it. Every other byte
/// stays as it is. One thread.
public final class FieldEdits {
    private static final byte[] REMOVED = {};

    private final Map<String, byte[]> edits = new LinkedHashMap<>();

    /// Adds `members`, each with a comma behind it, in front of those of an object that has none of the same names.
    /// Nothing is parsed.
    public static byte[] prepend(byte[] object, String members) {
        int at = JsonMember.afterOpening(object);
        boolean empty = object[JsonMember.behindSpace(object, at)] == '}';
        String separated = empty ? members.substring(0, members.length() - 1) : members;
        byte[] added = separated.getBytes(StandardCharsets.UTF_8);
        byte[] out = new byte[object.length + added.length];
        System.arraycopy(object, 0, out, 0, at);
        System.arraycopy(added, 0, out, at, added.length);
        System.arraycopy(object, at, out, at + added.length, object.length - at);
        return out;
    }

    /// @param json the value as it shall stand there
    public FieldEdits set(String name, byte[] json) {
        edits.put(name, json);
        return this;
    }

    public FieldEdits set(String name, String json) {
        return set(name, json.getBytes(StandardCharsets.UTF_8));
    }

    public FieldEdits set(String name, int[] numbers) {
        return set(name, new JsonBytes(numbers.length * 6 + 2).numbers(numbers).toBytes());
    }

    public FieldEdits remove(String name) {
        return set(name, REMOVED);
    }

    /// INVALID_REQUEST where `object` is none.
    public byte[] applyTo(byte[] object) {
        return applyTo(object, JsonMember.all(object));
    }

    /// The same for an object whose fields are known.
    public byte[] applyTo(byte[] object, List<JsonMember> members) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(object.length + 256);
        int headEnd = members.isEmpty()
                ? JsonMember.afterOpening(object)
                : members.getFirst().start();
        out.write(object, 0, headEnd);
        boolean any = keep(object, members, out);
        append(members, any, out);
        int tail = members.isEmpty() ? headEnd : members.getLast().end();
        out.write(object, tail, object.length - tail);
        return out.toByteArray();
    }

    /// True if anything was kept.
    private boolean keep(byte[] object, List<JsonMember> members, ByteArrayOutputStream out) {
        boolean any = false;
        int end = 0;
        for (JsonMember member : members) {
            byte[] value = edits.get(member.name());
            if (value != REMOVED) {
                int from = any ? end : member.start();
                out.write(object, from, (value == null ? member.end() : member.valueStart()) - from);
                if (value != null) {
                    out.writeBytes(value);
                }
                any = true;
            }
            end = member.end();
        }
        return any;
    }

    private void append(List<JsonMember> members, boolean any, ByteArrayOutputStream out) {
        Map<String, byte[]> missing = new LinkedHashMap<>(edits);
        members.forEach(member -> missing.remove(member.name()));
        boolean separate = any;
        for (Map.Entry<String, byte[]> field : missing.entrySet()) {
            if (field.getValue() != REMOVED) {
                JsonBytes name = new JsonBytes(field.getKey().length() + 8);
                out.writeBytes(name.raw(separate ? "," : "")
                        .string(field.getKey())
                        .raw(":")
                        .toBytes());
                out.writeBytes(field.getValue());
                separate = true;
            }
        }
    }
}
