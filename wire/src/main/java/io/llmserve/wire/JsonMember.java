package io.llmserve.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// One field of a JSON object and its place in the object's bytes: `start` and `valueStart` are the first bytes
/// of name and value, `end` is behind the value.
public record JsonMember(String name, int start, int valueStart, int end) {
    /// The fields of `object` in their order; INVALID_REQUEST where it is none.
    public static List<JsonMember> all(byte[] object) {
        return RequestReader.read(object, reader -> {
            List<JsonMember> members = new ArrayList<>();
            reader.members(members::add);
            return members;
        });
    }

    /// The value of one field, its bytes as they are; empty where it is missing or `null`.
    public static Optional<byte[]> value(byte[] object, String name) {
        return value(object, all(object), name);
    }

    /// The same for an object whose fields are known.
    public static Optional<byte[]> value(byte[] object, List<JsonMember> members, String name) {
        return members.stream()
                .filter(member -> member.name().equals(name))
                .map(member -> Arrays.copyOfRange(object, member.valueStart(), member.end()))
                .filter(value -> value[0] != 'n')
                .findFirst();
    }

    /// The index of the first byte from `at` on that is no white space.
    static int behindSpace(byte[] json, int at) {
        int next = at;
        while (json[next] <= ' ') {
            next++;
        }
        return next;
    }

    /// The index behind the brace that opens an object.
    static int afterOpening(byte[] object) {
        int at = 0;
        while (object[at] != '{') {
            at++;
        }
        return at + 1;
    }
}
