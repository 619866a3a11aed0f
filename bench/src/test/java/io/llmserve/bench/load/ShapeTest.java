package io.llmserve.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShapeTest {
    @Test
    void namedShapesNeedOnlyAWeight() {
        assertThat(Shape.parse("long:30")).isEqualTo(new Shape("long", 30, 1024, 64));
        assertThat(Shape.parse("short")).isEqualTo(new Shape("short", 1, 64, 128));
    }

    @Test
    void anyOtherShapeGivesItsSizes() {
        assertThat(Shape.parse("rag:2.5:3000:200")).isEqualTo(new Shape("rag", 2.5, 3000, 200));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "medium:3",
                "long:",
                "long:-1",
                "long:NaN",
                "x:1:2",
                "x:1:0:5",
                "x:1:5:many",
                "1:2:3:4:5",
                "a b:1:2:3"
            })
    void refusesWhatIsNoShapeAndSaysWhatIs(String text) {
        assertThatThrownBy(() -> Shape.parse(text))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("NAME:WEIGHT:PROMPT_TOKENS:OUTPUT_TOKENS");
    }
}
