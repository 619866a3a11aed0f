package io.llmserve.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
    private static final ZonedDateTime NOW = ZonedDateTime.of(2025, 3, 7, 14, 5, 9, 0, ZoneOffset.UTC);

    /// The expected texts are Python's (jinja2 3.1.6).
    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            quoteCharacter = '~',
            value = {
                "{{ 'a' if false }}# ~~",
                "{{ [1, 'a', 1.5, none, true] }}#[1, 'a', 1.5, None, True]",
                "{{ \"it's\" ~ [\"it's\"] }}#it's[\"it's\"]",
                "{{ 'añ😀b'[1:3] }}#ñ😀",
                "{{ '😀😀'|length }}#2",
                "{{ [1,2,3,4][::-2] }}#[4, 2]",
                "{{ 'abc'[-1] }}#c",
                "{{ {}.y is defined }}#False",
                "{{ not x is defined and 1 }}#1",
                "{{ 1 + 2 * 3 ** 2 }}#19",
                "{{ -5 // 2 }} {{ -5 % 3 }} {{ 5 / 2 }}#-3 1 2.5",
                "{{ 1e16 }} {{ 1e-5 }} {{ 0.1 + 0.2 }} {{ 100.0 }}#1e+16 1e-05 0.30000000000000004 100.0",
                "{{ {'b': 1, 'a': [1]} | tojson(sort_keys=true) }}#{\"a\": [1], \"b\": 1}",
                "{{ '<é\"\\n>' | tojson }}#\"<é\\\"\\n>\"",
                "{{ 'é' | tojson(ensure_ascii=true) }}#\"\\u00e9\"",
                "{{ [1, 2] | tojson(indent=1) | replace('\\n', '/') }}#[/ 1,/ 2/]",
                "{{ 'a-b c'.title() }}|{{ 'a-b c' | title }}|{{ \"it's\".title() }}#A-B C|A-B C|It'S",
                "{{ 'aXbXc'.rsplit('X', 1) }} {{ ' a  b '.split() }}#['aXb', 'c'] ['a', 'b']",
                "{{ 'a' in 'abc' }} {{ 'k' in {'k': 1} }} {{ 2 not in [1] }}#True True True",
                "{{ 3 | string ~ 4 }} {{ '7' | int + 1 }} {{ 'x' | int }}#34 8 0",
                "{% set ns = namespace(a=1) %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}#4",
                "{% set a = 1 %}{% for i in [1] %}{% set a = 2 %}{% endfor %}{{ a }}#1",
                "{% for a, b in {'x': 1, 'y': 2}.items() if b > 1 %}{{ a }}{{ loop.length }}{% endfor %}#y1",
                "{% for i in range(5) %}{% if i == 3 %}{% break %}{% elif i is odd %}{% continue %}{% endif %}{{ i }}{% endfor %}#02",
                "{{ loop_var }}{{ missing | default('d') }}{{ '' | default('e', true) }}#de",
                "{{ strftime_now('%d %b %Y %-d %H:%M:%S %j') }}#07 Mar 2025 7 14:05:09 066",
                "{{ 'x%sy%dz' % ('a', 3) }} {{ '{}-{k}'.format(1, k=2) }}#xay3z 1-2",
                "{{ [{'n': 'b'}, {'n': 'A'}] | sort(attribute='n') | map(attribute='n') | join }}#Ab",
                "{{ 'yes' if [] | select else 'no' }}#yes",
            })
    void agreesWithPython(String source, String expected) {
        assertThat(render(source)).isEqualTo(expected);
    }

    @Test
    void leavesNothingOfALineThatOnlyHasATag() {
        assertThat(render("a\n  {% if true %}\n  b\n  {% endif %}\nc\n")).isEqualTo("a\n  b\nc");
        assertThat(render("a\n  {%+ if true %}\nb{% endif +%}\nc")).isEqualTo("a\n  b\nc");
        assertThat(render("a \n {%- set x = 1 -%} \n b")).isEqualTo("ab");
        assertThat(render("{# c #}\nx {# d #} y")).isEqualTo("x  y");
        assertThat(render("{{ 1 }}\n{{ 2 }}\n")).isEqualTo("1\n2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% if %}", "{% if x %}", "{{ x", "{{ 'x }}", "{% nonsense %}", "{{ x | nonsense }}",
                        "{{ x is nonsense }}",
                "{% break %}", "{% for in x %}{% endfor %}", "{{ (1 }}", "{# x", "{% include 'x' %}", "{{ 1 2 }}",
                        "{{ ! }}"
            })
    void refusesWhatIsNoTemplate(String source) {
        assertThatThrownBy(() -> Template.parse(source)).isInstanceOf(TemplateException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ x.y.z }}",
                "{{ 'a' + 1 }}",
                "{{ 'a' + none }}",
                "{{ x() }}",
                "{{ 1 / 0 }}",
                "{{ [1].append(2) }}",
                "{% for i in 5 %}{% endfor %}",
                "{{ range(1000000) }}",
                "{{ 'x' * 9999999999 }}",
                "{{ 1 < 'a' }}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% set a.b = 1 %}",
                "{{ 9223372036854775807 + 1 }}",
                "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}"
            })
    void stopsWithAClearFailure(String source) {
        Template template = Template.parse(source);
        assertThatThrownBy(() -> template.render(Map.of(), NOW))
                .isInstanceOfSatisfying(
                        TemplateException.class,
                        e -> assertThat(e.messageText()).isNotEmpty());
    }

    @Test
    void refusesDeepNesting() {
        assertThatThrownBy(() -> Template.parse("{{ " + "(".repeat(100_000))).isInstanceOf(TemplateException.class);
        assertThatThrownBy(() -> Template.parse("{{ " + "not ".repeat(100_000) + "1 }}"))
                .isInstanceOf(TemplateException.class);
        assertThatThrownBy(() -> Template.parse("{% if 1 %}".repeat(100_000))).isInstanceOf(TemplateException.class);
    }

    @Test
    void takesTheValuesOfJsonParsers() {
        Map<String, Object> values = Map.of(
                "i",
                3,
                "f",
                1.5f,
                "l",
                List.of(1, Map.of("k", "v")),
                "big",
                new java.math.BigInteger("12345678901234567890"));
        assertThat(Template.parse("{{ i + 1 }} {{ f }} {{ l[1].k }} {{ big }} {{ l }}")
                        .render(values, NOW))
                .isEqualTo("4 1.5 v 12345678901234567890 [1, {'k': 'v'}]");
        assertThat(Template.parse("{{ n is none }}").render(java.util.Collections.singletonMap("n", null), NOW))
                .isEqualTo("True");
    }

    private static String render(String source) {
        return Template.parse(source).render(Map.of(), NOW);
    }
}
