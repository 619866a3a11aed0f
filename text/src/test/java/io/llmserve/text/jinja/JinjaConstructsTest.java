package io.llmserve.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llmserve.testkit.Seeds;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each construct that chat templates use, against what `jinja2` makes of it (`tools/jinja_constructs.py`).
class JinjaConstructsTest {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final JsonNode GOLDENS = goldens();
    private static final ZonedDateTime NOW =
            LocalDateTime.parse(GOLDENS.path("now").asText()).atZone(ZoneOffset.UTC);
    private static final Map<String, Object> VARIABLES =
            MAPPER.convertValue(GOLDENS.path("variables"), new TypeReference<Map<String, Object>>() {});

    static Stream<Arguments> cases() {
        return StreamSupport.stream(GOLDENS.path("cases").spliterator(), false)
                .map(golden -> Arguments.of(golden.path("template").asText(), golden));
    }

    static List<String> refused() {
        return MAPPER.convertValue(GOLDENS.path("refused"), new TypeReference<List<String>>() {});
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void rendersAsPythonDoes(String template, JsonNode golden) {
        if (golden.has("text")) {
            assertThat(render(template)).isEqualTo(golden.path("text").asText());
            return;
        }
        var failure = assertThatThrownBy(() -> render(template)).isInstanceOf(TemplateException.class);
        if (golden.has("message")) {
            failure.hasMessage(golden.path("message").asText());
        }
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refusesTheRestOfJinjaByName(String template) {
        assertThatThrownBy(() -> render(template)).isInstanceOf(TemplateException.class);
    }

    /// Pieces of all of them put together at random, cut and changed: a text comes out, or a [TemplateException].
    @ParameterizedTest
    @Seeds(2_000)
    void whateverATemplateIsItRendersOrIsRefused(long seed) {
        Random random = new Random(seed);
        StringBuilder template = new StringBuilder();
        for (int piece = 0; piece <= random.nextInt(4); piece++) {
            String source = GOLDENS.path("cases")
                    .path(random.nextInt(GOLDENS.path("cases").size()))
                    .path("template")
                    .asText();
            int from = random.nextInt(3) == 0 ? random.nextInt(source.length()) : 0;
            int to = random.nextInt(3) == 0 ? from + random.nextInt(source.length() - from) : source.length();
            template.append(source, from, to);
        }
        String alphabet = "{}%()[]|.,:'\"-+*/0 9aif\n~=";
        for (int change = random.nextInt(4); change > 0 && !template.isEmpty(); change--) {
            template.setCharAt(random.nextInt(template.length()), alphabet.charAt(random.nextInt(alphabet.length())));
        }
        try {
            assertThat(render(template.toString())).isNotNull();
        } catch (TemplateException refused) {
            assertThat(refused.messageText()).isNotNull();
        }
    }

    private static String render(String template) {
        return Template.parse(template).render(VARIABLES, NOW);
    }

    private static JsonNode goldens() {
        try (InputStream in =
                JinjaConstructsTest.class.getResourceAsStream("/io/llmserve/text/jinja-constructs.json")) {
            return MAPPER.readTree(in);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
