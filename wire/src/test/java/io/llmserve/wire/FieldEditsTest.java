package io.llmserve.wire;

import static io.llmserve.wire.Bodies.refusal;
import static io.llmserve.wire.Bodies.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.core.Failure;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FieldEditsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            {}                                     | {"a":9,"b":true}
            { }                                    | {"a":9,"b":true }
            {"a":1}                                | {"a":9,"b":true}
            {"c":0}                                | {"a":9,"b":true}
            {"c":0,"a":1}                          | {"a":9,"b":true}
            {"a":1,"c":0}                          | {"a":9,"b":true}
            {"a":1,"c":0,"d":2}                    | {"a":9,"d":2,"b":true}
            {"d":2,"c":"x,}","a" : [1,{"c":4}] }   | {"d":2,"a" : 9,"b":true }
            { "d" : 1.50 , "c":0 , "e":"\\u0061é" }  | { "d" : 1.50 , "e":"\\u0061é","a":9,"b":true }
            {"b":"yes","d":{"c":{"a":[]}}}         | {"b":true,"d":{"c":{"a":[]}},"a":9}
            {"d":null,"\\u0063":1}                 | {"d":null,"a":9,"b":true}
            """)
    void setsAndRemovesAndLeavesTheRest(String before, String after) {
        byte[] edited = new FieldEdits()
                .set("a", "9")
                .remove("c")
                .set("b", "true")
                .remove("absent")
                .applyTo(utf8(before));
        assertThat(new String(edited, StandardCharsets.UTF_8)).isEqualTo(after);
    }

    @Test
    void writesListsOfNumbers() {
        byte[] edited = new FieldEdits().set("ids", new int[] {1, 49_151}).applyTo(utf8("{}"));
        assertThat(edited).isEqualTo(utf8("{\"ids\":[1,49151]}"));
    }

    @Test
    void takesOutOneValueAsItStands() {
        byte[] body = utf8("{\"x\":[1, 2],\"kv\": {\"a\" : 1.0e3} ,\"n\":null}");
        assertThat(JsonMember.value(body, "kv")).hasValue(utf8("{\"a\" : 1.0e3}"));
        assertThat(JsonMember.value(body, "n")).isEmpty();
        assertThat(JsonMember.value(body, "y")).isEmpty();
    }

    @Test
    void refusesWhatIsNoObject() {
        assertThat(refusal(() -> new FieldEdits().set("a", "1").applyTo(utf8("[1]")))
                        .failure())
                .isEqualTo(Failure.INVALID_REQUEST);
    }
}
