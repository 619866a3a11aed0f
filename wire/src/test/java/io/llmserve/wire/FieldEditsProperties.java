package io.llmserve.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmserve.testkit.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;

class FieldEditsProperties {
    private static final String[] NAMES = {"a", "b", "c", "d", "e"};
    private static final String[] VALUES = {
        "1",
        "-0.5e3",
        "\"x\"",
        "\"\\\"},\\\\\"",
        "null",
        "true",
        "[]",
        "{}",
        "[1,[2,\"é\"]]",
        "{\"a\":{\"b\":1}}",
        "\"\uD83D\uDE00\""
    };

    /// The same object as a tree edited by a JSON library, whatever its spaces.
    @ParameterizedTest
    @Seeds(2_000)
    void agreesWithEditingTheTree(long seed) throws IOException {
        Random random = new Random(seed);
        byte[] object = object(random);
        FieldEdits edits = new FieldEdits();
        ObjectNode expected = (ObjectNode) StrictJson.MAPPER.readTree(object);
        for (String name : NAMES) {
            switch (random.nextInt(3)) {
                case 0 -> {
                    String value = VALUES[random.nextInt(VALUES.length)];
                    edits.set(name, value);
                    expected.set(name, StrictJson.MAPPER.readTree(value));
                }
                case 1 -> {
                    edits.remove(name);
                    expected.remove(name);
                }
                default -> {}
            }
        }
        assertThat(StrictJson.MAPPER.readTree(edits.applyTo(object))).isEqualTo(expected);
        assertThat(new FieldEdits().applyTo(object)).isEqualTo(object);
        expected.removeAll();
        ObjectNode original = (ObjectNode) StrictJson.MAPPER.readTree(object);
        expected.put("first", 1).put("second", 2).setAll(original);
        assertThat(StrictJson.MAPPER.readTree(FieldEdits.prepend(object, "\"first\":1,\"second\":2,")))
                .isEqualTo(expected);
    }

    private static byte[] object(Random random) {
        StringBuilder text = new StringBuilder(space(random)).append('{');
        boolean any = false;
        for (String name : NAMES) {
            if (random.nextInt(3) > 0) {
                text.append(any ? "," : "")
                        .append(space(random))
                        .append('"')
                        .append(name)
                        .append('"');
                text.append(space(random)).append(':').append(space(random));
                text.append(VALUES[random.nextInt(VALUES.length)]).append(space(random));
                any = true;
            }
        }
        return text.append(space(random))
                .append('}')
                .append(space(random))
                .toString()
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String space(Random random) {
        return " \n\t".substring(0, random.nextInt(8) % 4);
    }
}
