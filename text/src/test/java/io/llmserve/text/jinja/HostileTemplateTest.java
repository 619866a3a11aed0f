package io.llmserve.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A template comes with a model, from anybody: what would never end, or never fit, ends in an error soon.
class HostileTemplateTest {
    private static final ZonedDateTime NOW = ZonedDateTime.of(2025, 3, 7, 14, 5, 9, 0, ZoneOffset.UTC);
    private static final String SIXTY_TIMES =
            "{%% set ns = namespace(x=%s) %%}{%% for i in range(60) %%}%s{%% endfor %%}%s";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "{% macro m(n) %}{% if n < 60 %}{{ m(n + 1) }}{{ m(n + 1) }}{% endif %}{% endmacro %}{{ m(0) }}",
                "{% for i in range(99999) %}{{ ('a' * 1000000) | length }}{% endfor %}",
                "{% set s = 'a' * 1000000 %}{% for i in range(99999) %}{{ s[1] }}{{ s[1:] == s }}{% endfor %}",
                "{% set s = 'a' * 1000000 %}{% for i in range(99999) %}{{ s.upper() is lower }}{% endfor %}",
                "{% set s = 'a' * 1000000 %}{% set t = ('a' * 500000) ~ 'b' %}{{ t in s }}",
                "{% set s = 'a' * 1000000 %}{% set t = ('a' * 500000) ~ 'b' %}{{ s.split(t) }}{{ s.count(t) }}",
                "{% set s = range(99999) %}{% for i in range(99999) %}{{ -1 in s }}{{ s | last }}{% endfor %}",
                "{{ ([range(99999)] * 100000) | tojson }}",
                "{{ ([range(99999)] * 1000) | sum(start=[]) | length }}",
            })
    void takesNoMoreStepsThanATemplateMay(String source) {
        assertRefused(source, "the template takes more than 10000000 steps");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ns.x }}",
                "{{ ns.x | tojson }}",
                "{{ ns.x == [ns.x[0], ns.x[1] + []] }}",
                "{{ {(ns.x | string): 1} }}"
            })
    void listsThatHoldThemselvesTwiceAreNotWrittenOut(String use) {
        assertRefused(SIXTY_TIMES.formatted("[1]", "{% set ns.x = [ns.x, ns.x] %}", use), "10000000 steps");
    }

    @Test
    void tuplesThatHoldThemselvesTwiceAreNoKeys() {
        assertRefused(
                SIXTY_TIMES.formatted("(1,)", "{% set ns.x = (ns.x, ns.x) %}", "{{ {ns.x: 1} }}"), "10000000 steps");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ('a' * 1000000) | replace('', 'b' * 1000000) }}",
                "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
                "{{ ('b' * 100000).join('a' * 1000000) }}",
                "{{ ('a' * 1000000) | list | join('b' * 1000000) }}",
                "{{ ('a\\n' * 500000) | indent(1000) }}",
                "{{ ('{0}' * 300000).format('a' * 1000000) }}",
                "{{ ('%(a)s' * 200000) % {'a': 'b' * 1000000} }}",
                "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            })
    void makesNoTextThatIsTooLarge(String source) {
        assertRefused(source, "at most 33554432 are allowed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'a'.center(2000000000) }}",
                "{{ '%9999d' % 1 }}",
                "{{ '{:9999}'.format(1) }}",
                "{{ [[1]] | tojson(indent=2000000000) }}",
                "{{ 'a\\nb' | indent(2000000000) }}"
            })
    void takesNoWidthThatIsTooLarge(String source) {
        assertRefused(source, "at most 1000 are allowed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro m(n) %}{{ 'a' * 1000000 }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
                "{% for x in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
                "{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
                "{{ range(99999999999) }}",
                "{{ 10 ** 1000000000 }}",
                "{{ -9223372036854775807 - 2 }}",
                "{{ (-9223372036854775807 - 1) // -1 }}",
                "{{ (-9223372036854775807 - 1) | abs }}",
                "{{ 99999999999999999999 + 1 }}",
                "{{ {[1]: 2} }}",
                "{{ {}.get([1]) }}",
                "{{ '\\U00110000' }}"
            })
    void endsInAFailureOfTheTemplate(String source) {
        assertThatThrownBy(() -> render(source)).isInstanceOf(TemplateException.class);
    }

    @Test
    void aNumberOfThousandsOfDigitsIsRefused() {
        assertRefused("{{ " + "9".repeat(5_000) + " }}", "a number has 5000 digits");
    }

    @Test
    void longTextsOfUsersAreNoProblem() {
        String content = "Once upon a time. ".repeat(50_000);
        String template = "{% for m in messages %}{% if '</think>' in m.content %}x{% endif %}"
                + "{{ m.content.strip().split('</s>')[-1] ~ m.content[0] ~ (m.content | trim | replace('x', 'y')) }}{% endfor %}";
        assertThat(Template.parse(template)
                        .render(Map.of("messages", java.util.List.of(Map.of("content", content))), NOW))
                .hasSizeGreaterThan(content.length());
    }

    private static void assertRefused(String source, String message) {
        assertThatThrownBy(() -> render(source))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining(message);
    }

    private static String render(String source) {
        return Template.parse(source).render(Map.of(), NOW);
    }
}
