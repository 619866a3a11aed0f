package io.llmserve.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Templates of the shapes that models carry, against what `jinja2` makes of them as `transformers` sets it up.
class TemplateGoldenTest {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final JsonNode GOLDENS = goldens();

    static Stream<Arguments> cases() {
        return StreamSupport.stream(GOLDENS.path("cases").spliterator(), false)
                .map(golden -> Arguments.of(
                        golden.path("template").asText() + ", "
                                + golden.path("case").asText(),
                        golden));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void rendersAsPythonDoes(String name, JsonNode golden) {
        Template template = Template.parse(
                text("/io/llmserve/text/templates/" + golden.path("template").asText() + ".jinja"));
        ZonedDateTime now = LocalDateTime.parse(GOLDENS.path("now").asText()).atZone(ZoneOffset.UTC);
        if (golden.has("text")) {
            assertThat(template.render(variables(golden), now))
                    .isEqualTo(golden.path("text").asText());
            return;
        }
        var failure = assertThatThrownBy(() -> template.render(variables(golden), now))
                .isInstanceOf(TemplateException.class);
        if (golden.path("kind").asText().equals("TemplateError")) {
            failure.hasMessage(golden.path("error").asText());
        }
    }

    private static Map<String, @Nullable Object> variables(JsonNode golden) {
        Map<String, @Nullable Object> variables = new HashMap<>(map(GOLDENS.path("strings")));
        variables.putAll(map(golden.path("variables")));
        variables.put(
                "messages",
                value(GOLDENS.path("conversations").path(golden.path("messages").asText())));
        variables.put("tools", golden.path("tools").asBoolean() ? value(GOLDENS.path("tools")) : null);
        variables.put("documents", null);
        variables.put(
                "add_generation_prompt", golden.path("add_generation_prompt").asBoolean());
        return variables;
    }

    private static Map<String, Object> map(JsonNode node) {
        return MAPPER.convertValue(node, new TypeReference<Map<String, Object>>() {});
    }

    private static Object value(JsonNode node) {
        return MAPPER.convertValue(node, Object.class);
    }

    private static JsonNode goldens() {
        try {
            return MAPPER.readTree(text("/io/llmserve/text/chat-templates.json"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String text(String resource) {
        try (InputStream in =
                Objects.requireNonNull(TemplateGoldenTest.class.getResourceAsStream(resource), resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
