#!/usr/bin/env python3
"""Writes what jinja2 makes of the constructs that chat templates use: `jinja_constructs.py > FILE`.

The environment is the one of `transformers` (utils/chat_template_utils.py): an immutable sandbox with trim_blocks,
lstrip_blocks, loop controls, its own tojson, raise_exception and strftime_now. Needs `pip install jinja2==3.1.6`.
`JinjaConstructsTest` compares our interpreter with the file.
"""

import datetime
import json
import sys

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2025, 3, 7, 14, 5, 9)

VARIABLES = {
    "messages": [
        {"role": "system", "content": "  Be brief.\n"},
        {"role": "user", "content": "2 < 3 & \"four\"?"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": [2.5, None, True]}}}]},
        {"role": "tool", "content": "é 你好 😀", "name": "add"},
    ],
    "tools": [{"type": "function", "function": {
        "name": "add", "description": "Adds.", "parameters": {
            "type": "object", "required": ["a"], "properties": {
                "a": {"type": "integer", "enum": [1, 2]}, "b": {"type": ["number", "null"], "description": "x\ny"}}}}}],
    "numbers": [3, 1, 2],
    "mixed": ["b", "A", "c", "a"],
    "empty": [],
    "text": "one two  three",
    "none": None,
    "flag": True,
    "pair": {"b": 1, "a": {"c": [1, {"d": "e"}]}},
    "bos_token": "<s>",
    "eos_token": "</s>",
    "add_generation_prompt": True,
}

CONSTRUCTS = {
    "namespace": [
        "{% set ns = namespace(found=false, n=0) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.found = true %}{% endif %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.found }} {{ ns.n }}",
        "{% set ns = namespace() %}{% set ns.x = [1] %}{% set ns.x = ns.x + [2] %}{{ ns.x }}",
        "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a + ns.b }}",
        "{% set ns = namespace(a=1) %}{% macro m() %}{% set ns.a = 5 %}{% endmacro %}{{ m() }}{{ ns.a }}",
        "{% set ns = namespace(a=1) %}{{ ns.b is defined }} {{ ns.a is defined }} {{ ns.b }}",
        "{% set ns = namespace(i=0) %}{% for x in numbers %}{% set ns.i = loop.index0 %}{% endfor %}{{ ns['i'] }}",
        "{% set a = 1 %}{% set a.b = 2 %}",
        "{% set ns = namespace(a=1) %}{% set ns.a %}x{{ 1 }}{% endset %}{{ ns.a }}",
    ],
    "loop": [
        "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }};{% endfor %}",
        "{% for n in numbers %}{{ loop.previtem }}<{{ n }}>{{ loop.nextitem }} {% endfor %}",
        "{% for n in numbers %}{{ loop.previtem is defined }}{{ loop.nextitem is undefined }}{% endfor %}",
        "{% for n in numbers %}{{ loop.cycle('a', 'b') }}{% endfor %}",
        "{% for n in [1, 1, 2] %}{{ loop.changed(n) }}{% endfor %}",
        "{% for a in numbers %}{% for b in mixed %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}{{ loop.depth }}{% endfor %}",
        "{% for n in empty %}x{% else %}none{% endfor %}",
        "{% for n in numbers if n > 5 %}x{% else %}none{% endfor %}",
        "{% for n in numbers if n > 1 %}{{ loop.index }}/{{ loop.length }}:{{ n }} {% endfor %}",
        "{% for k, v in pair.items() %}{{ k }}={{ v }};{% endfor %}",
        "{% for k in pair %}{{ k }}{% endfor %}",
        "{% for (a, b) in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %}",
        "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}",
        "{% for c in 'héy' %}[{{ c }}]{% endfor %}",
        "{% for n in numbers %}{% if n == 1 %}{% continue %}{% endif %}{{ n }}{% endfor %}",
        "{% for n in numbers %}{% if n == 1 %}{% break %}{% endif %}{{ n }}{% else %}e{% endfor %}",
        "{% for n in numbers %}{% break %}{% else %}e{% endfor %}",
        "{% for m in messages[1:] %}{{ m.role }},{% endfor %}",
        "{% for m in messages[::-1] %}{{ m.role }},{% endfor %}",
        "{% for m in messages | reverse %}{{ m.role }},{% endfor %}",
        "{% for m in messages | selectattr('role', 'equalto', 'user') %}{{ m.content }}{% endfor %}",
        "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(1, 6, 2) %}{{ i }}{% endfor %}{% for i in range(3, 0, -1) %}{{ i }}{% endfor %}",
        "{% for x in none %}{% endfor %}",
        "{% for x in missing %}x{% endfor %}ok",
        "{% for x in 5 %}{% endfor %}",
        "{{ loop is defined }}",
        "{% for n in numbers %}{% set x = n %}{% endfor %}{{ x is defined }}",
        "{% set x = 0 %}{% for n in numbers %}{% set x = x + n %}{{ x }}{% endfor %}{{ x }}",
        "{% for n in numbers recursive %}{{ n }}{% endfor %}",
        "{% for i in range(2) %}{% for j in range(2) %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}",
        "{% for m in messages %}{% if loop.nextitem and loop.nextitem.role == 'tool' %}next{% endif %}{% endfor %}",
        "{% for a in numbers %}{% if loop.first %}{% set y = 1 %}{% endif %}{{ y is defined }}{% endfor %}",
    ],
    "macros": [
        "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(a=4) }}{{ m(b=5, a=6) }}",
        "{% macro m(a) %}{{ a is defined }}{{ a }}{% endmacro %}{{ m() }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, z=2) }}",
        "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, z=3) }}",
        "{% macro m() %}{{ numbers }}{% endmacro %}{{ m() }}",
        "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(4) }}",
        "{% macro m(x) %}<{{ caller(x) }}>{% endmacro %}{% call(y) m(3) %}y={{ y }}{% endcall %}",
        "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}{% call m() %}x{% endcall %}",
        "{%- macro m(x) -%}\n  {{ x }}\n{%- endmacro -%}\n[{{ m(1) }}]",
        "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}",
        "{% macro m() %}x{% endmacro %}{{ m() | upper }}{{ m() ~ 'y' }}{{ m()|length }}",
        "{% set x = 1 %}{% macro m() %}{{ x }}{% set x = 2 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}",
        "{% macro m(xs) %}{% for x in xs %}{{ x }}{% endfor %}{% endmacro %}{{ m(xs=numbers) }}",
        "{{ m is defined }}{% macro m() %}{% endmacro %}{{ m is defined }}{{ m is callable }}",
        "{% for n in numbers %}{% macro q() %}{{ n }}{% endmacro %}{{ q() }}{% endfor %}",
    ],
    "raise_exception": [
        "{{ raise_exception('Roles must alternate: ' ~ messages[0].role) }}",
        "{% if messages | length > 3 %}{{- raise_exception(\"too \" + 'many') }}{% endif %}",
        "{{ false and raise_exception('no') }}",
    ],
    "strftime_now": [
        "{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%Y-%m-%d') }}|{{ strftime_now('%B %-d, %Y') }}|{{ strftime_now('%A %a %H:%M:%S %j %p %I %y %%') }}",
        "{{ strftime_now('%e|%-m|%-H|%-I|%U|%W|%G-%V|%u|%w|%c|%x|%X|%s'[:24]) }}",
        "{{ strftime_now('') }}{{ strftime_now is defined }}",
        "{{ strftime_now('%U %W %V %G %C %g') }}",
        "{{ strftime_now('%c|%x|%X|%r') }}",
    ],
    "tojson": [
        "{{ tools | tojson }}", "{{ tools | tojson(indent=4) }}", "{{ tools[0] | tojson(indent=2) }}", "{{ pair | tojson(indent=0) }}",
        "{{ messages[2].tool_calls[0].function.arguments | tojson }}",
        "{{ 'é<>&\\'\"/\\\\\\u2028😀\x7f\x01' | tojson }}", "{{ 'é😀' | tojson(ensure_ascii=true) }}",
        "{{ pair | tojson(separators=(',', ':')) }}", "{{ pair | tojson(sort_keys=true, indent=1) }}",
        "{{ pair | tojson(separators=[',', ':'], indent=2) }}",
        "{{ [1, 1.0, 1e20, 0.1, -0.0, 1e-7, true, none, '', [], {}, [[]], {'a': {}}] | tojson }}",
        "{{ [[], {}] | tojson(indent=2) }}", "{{ missing | tojson }}",
        "{{ (1, 2) | tojson }}", "{{ {'a': missing} | tojson }}", "{{ 'x' | tojson | length }}", "{{ none | tojson }}{{ true | tojson }}{{ 12345678901234567890 | tojson }}",
        "{{ tools | tojson(indent=none) }}", "{{ tools | map(attribute='function') | list | tojson }}",
        "{{ pair | tojson(indent='\t') }}",
    ],
    "slices and subscripts": [
        "{{ numbers[0] }}{{ numbers[-1] }}{{ numbers[1:] }}{{ numbers[:-1] }}{{ numbers[::2] }}{{ numbers[::-1] }}{{ numbers[5:] }}{{ numbers[-9:2] }}",
        "{{ 'abcdef'[1:4] }}{{ 'abcdef'[::-2] }}{{ 'abcdef'[-2:] }}{{ 'abcdef'[10:] }}{{ '😀é'[0] }}",
        "{{ numbers[9] }}|{{ numbers[9] is defined }}", "{{ numbers[9].x }}", "{{ pair['a']['c'][1].d }}", "{{ pair.a.c.0 }}", "{{ messages[0]['role'] }}{{ messages[-1]['name'] }}",
        "{{ pair['zz'] is undefined }}{{ pair.zz is none }}", "{{ (1, 2, 3)[1:] }}", "{{ numbers['0'] }}", "{{ numbers[true] }}", "{{ numbers[1.0] }}",
        "{{ messages[1:][0].role }}", "{{ numbers[none:2] }}", "{{ numbers[0:0] }}", "{{ {'items': 5}['items'] }}",
        "{{ text.split()[1] }}", "{{ messages[0].content.strip()[:2] }}", "{{ numbers[2:0:-1] }}", "{{ numbers[::0] }}", "{{ {}['a'] }}", "{{ none.a }}", "{{ none['a'] }}", "{{ 5[0] }}",
        "{{ messages[0].get('role') }}{{ messages[0].get('zz') }}{{ messages[0].get('zz', 'd') }}", "{{ 'a'.b is defined }}", "{{ flag.x is defined }}",
        "{{ text[0:3] ~ text[-1] }}",
    ],
    "tests": [
        "{{ missing is defined }}{{ missing is undefined }}{{ none is none }}{{ none is not none }}{{ flag is true }}{{ flag is false }}{{ flag is boolean }}",
        "{{ 'a' is string }}{{ 1 is string }}{{ 1 is number }}{{ 1.5 is number }}{{ true is number }}{{ '1' is number }}{{ 1 is integer }}{{ 1.0 is integer }}{{ 1.0 is float }}{{ true is integer }}",
        "{{ pair is mapping }}{{ numbers is mapping }}{{ numbers is iterable }}{{ 'a' is iterable }}{{ 5 is iterable }}{{ numbers is sequence }}{{ 'a' is sequence }}{{ pair is sequence }}{{ none is iterable }}{{ none is sequence }}",
        "{{ 3 is odd }}{{ 3 is even }}{{ 4 is divisibleby 2 }}{{ 4 is divisibleby(3) }}", "{{ 'ab' is lower }}{{ 'AB' is upper }}{{ 'aB' is lower }}{{ '1' is lower }}{{ '' is lower }}",
        "{{ 1 is eq 1 }}{{ 1 is equalto(2) }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 2 is ge 2 }}{{ 1 is gt(2) }}{{ 1 is in [1, 2] }}{{ 3 is in numbers }}", "{{ 1 is not in [1] }}{{ not 1 is in [1] }}",
        "{{ 1 is sameas 1 }}{{ true is sameas true }}{{ 1 is sameas true }}{{ none is sameas none }}", "{{ range is callable }}{{ 1 is callable }}", "{{ missing.x is defined }}", "{{ messages[0].foo is defined and messages[0].foo }}",
        "{{ pair.a is mapping and pair.a.c is iterable and pair.a.c is not string }}", "{{ 'a' is filter }}{{ 'upper' is filter }}{{ 'odd' is test }}{{ 'x' is test }}", "{{ 'a' is escaped }}",
        "{{ range(3) is iterable }}{{ range(3) is sequence }}{{ range(3) is mapping }}", "{{ (numbers | map('string')) is iterable }}{{ (numbers | map('string')) is sequence }}", "{{ 5 is odd and 4 is even or false }}",
        "{{ 1.5 is odd }}", "{{ 'a' is odd }}", "{{ missing is none }}{{ missing is string }}{{ missing is mapping }}{{ missing is iterable }}{{ missing is sequence }}{{ missing == '' }}{{ missing is false }}",
    ],
    "operators": [
        "{{ 7 // 2 }} {{ 7 % 3 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 0.5 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1 + 1.0 }} {{ true + 1 }}",
        "{{ 'a' + 'b' }}{{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1] }}{{ 'ab' * 2 }}{{ [1] + [2] }}{{ [0] * 3 }}{{ 2 * 'x' }}", "{{ 'a' + 1 }}", "{{ 1 + 'a' }}", "{{ none + 'a' }}", "{{ missing + 'a' }}", "{{ missing ~ 'a' }}", "{{ [1] + (2,) }}",
        "{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 1 == 1.0 }}{{ 'a' < 'b' }}{{ [1, 2] < [1, 3] }}{{ true == 1 }}{{ none == false }}{{ '1' == 1 }}{{ 1 != 2 }}", "{{ 1 < 'a' }}", "{{ none < 1 }}", "{{ (1, 2) == [1, 2] }}",
        "{{ 'a' in 'abc' }}{{ 'a' not in 'abc' }}{{ 1 in numbers }}{{ 'b' in pair }}{{ none in [none] }}{{ 'x' in missing }}", "{{ 1 in 5 }}", "{{ 1 in 'a' }}", "{{ not true }}{{ not '' }}{{ not missing }}{{ true and false or true }}{{ 1 and 2 }}{{ 0 or 'x' }}{{ '' or none or 'z' }}",
        "{{ 'y' if flag else 'n' }}{{ 'y' if not flag }}{{ 1 if false else 2 if false else 3 }}", "{{ ('y' if not flag) is defined }}", "{{ -3 | abs }}{{ -numbers[0] }}{{ +3 }}{{ - 3 + 5 }}{{ 2 - -2 }}", "{{ 1 + 2 ~ 3 + 4 }}", "{{ 2 * 3 ~ 4 }}", "{{ 2 ** 3 ** 2 }}", "{{ -2 ** 2 }}",
        "{{ 10 % 0 }}", "{{ 1 // 0 }}", "{{ 1.0 / 0 }}", "{{ 'x' * -1 }}|{{ [1] * 0 }}", "{{ 1_000 + 0 }}{{ 0x10 }}{{ 0b11 }}{{ 0o17 }}", "{{ 1e3 }}{{ 1.5e-3 }}{{ 100000000000000000000 }}", "{{ '%s is %d, %.2f, %5s|%-5s|%05d' % ('a', 3, 1.5, 'r', 'l', 42) }}",
        "{{ '%s' % 'x' }}{{ '%s' % 5 }}{{ '100%%' % () }}", "{{ 'a' 'b' }}", "{{ \"a\\n\\t\\\"\\'\\\\ \\x41 \\u00e9 \\q\" }}", "{{ 1 == 1 and 2 == 2 }}{{ 1 if 1 == 1 and not 2 == 3 }}", "{{ [1, 2] == [1, 2.0] }}{{ {'a': 1} == {'a': 1.0} }}", "{{ 3 > 2 >= 2 != 1 }}",
        "{{ (1,) }}{{ () }}{{ (1, 2) }}{{ 1, 2 }}", "{{ {'a': 1, 'b': [1, (2,)]} }}", "{{ {} }}{{ [] }}{{ '' }}{{ none }}{{ true }}", "{{ [1, 2,] }}{{ {'a': 1,} }}", "{{ 'a' if 1 else 'b' ~ 'c' }}", "{{ numbers | length > 2 and 'x' or 'y' }}", "{{ not flag or flag }}{{ not (flag and flag) }}",
        "{{ 0.1 + 0.2 }} {{ 1e22 }} {{ 1e21 + 1 }} {{ 123456789.123456789 }} {{ 1.0 }} {{ 1e15 }} {{ 1e16 }} {{ 0.0001 }} {{ 0.00001 }}", "{{ 3 is odd == true }}", "{{ true | int + 1 }}", "{{ 5 - 3 - 1 }}{{ 100 // 7 // 2 }}{{ 2 * 7 % 4 }}", "{{ 1 < 2 == true }}",
    ],
    "text methods": [
        "{{ text.upper() }}{{ text.title() }}{{ 'ABC'.lower() }}{{ 'aBC'.capitalize() }}{{ 'aB'.swapcase() }}", "{{ '  x '.strip() }}|{{ '  x '.lstrip() }}|{{ ' x  '.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ '\\n\\n a \\n'.strip('\\n') }}|{{ 'abc'.rstrip('cb') }}",
        "{{ 'a,b,,c'.split(',') }}{{ 'a b  c '.split() }}{{ 'a,b,c'.split(',', 1) }}{{ 'a,b,c'.rsplit(',', 1) }}{{ ''.split(',') }}{{ ''.split() }}{{ 'a b c'.split(none, 1) }}{{ 'a,b'.split(sep=',') }}{{ ' a b '.rsplit() }}", "{{ 'a\\nb\\r\\nc\\n'.splitlines() }}{{ 'a\\nb\\n'.splitlines(true) }}{{ 'a\\x0bb\\u2028c'.splitlines() }}",
        "{{ 'abc'.startswith('ab') }}{{ 'abc'.endswith('c') }}{{ 'abc'.startswith(('x', 'a')) }}{{ 'abc'.startswith('b', 1) }}{{ 'abc'.endswith('b', 0, 2) }}", "{{ 'abcabc'.replace('b', 'X') }}{{ 'abcabc'.replace('b', 'X', 1) }}{{ 'ab'.replace('', '-') }}", "{{ 'abc'.find('c') }}{{ 'abc'.find('z') }}{{ 'abcabc'.rfind('b') }}{{ 'abc'.index('b') }}{{ 'abab'.count('ab') }}{{ 'abc'.find('a', 1) }}", "{{ 'abc'.index('z') }}",
        "{{ ', '.join(mixed) }}{{ '-'.join('abc') }}", "{{ ', '.join(numbers) }}", "{{ '12'.isdigit() }}{{ 'a1'.isalnum() }}{{ 'a'.isalpha() }}{{ ' '.isspace() }}{{ ''.isdigit() }}{{ 'A'.isupper() }}{{ 'a1'.islower() }}{{ '½'.isnumeric() }}{{ '²'.isdigit() }}{{ '²'.isdecimal() }}",
        "{{ 'a-b-c'.partition('-') }}{{ 'a-b-c'.rpartition('-') }}{{ 'abc'.partition('-') }}{{ 'abc'.rpartition('-') }}", "{{ 'abc'.removeprefix('a') }}{{ 'abc'.removesuffix('c') }}{{ 'abc'.removeprefix('z') }}", "{{ '{} {}'.format(1, 'a') }}{{ '{0}{1}{0}'.format('x', 'y') }}{{ '{a}'.format(a=3) }}{{ '{{}}'.format() }}{{ '{:.2f}|{:>5}|{:05d}'.format(1.239, 'r', 42) }}{{ '{a[0]}'.format(a=[7]) }}{{ '{!r}'.format('q') }}",
        "{{ 'a'.center(5) }}|{{ 'a'.ljust(4) }}|{{ 'a'.rjust(4, '*') }}|{{ '7'.zfill(3) }}|{{ '-7'.zfill(4) }}", "{{ 'ß'.upper() }}{{ 'ǆ'.title() }}{{ 'İ'.lower() | length }}{{ 'Σ'.lower() }}{{ 'ß'.casefold() }}", "{{ 'abc'.nonsense() }}", "{{ '</think>' in 'a</think>b' }}{{ 'a</think>b'.split('</think>')[-1].lstrip('\\n') }}{{ 'a</think>b'.split('</think>')[0].rstrip('\\n').split('<think>')[-1] }}",
        "{{ text.split(' ') | length }}{{ text.split(' ')[::-1] | join('_') }}", "{{ 'ab'.__class__ }}", "{{ 'a'.join(['x', 1 | string]) }}",
    ],
    "list and dict methods": [
        "{{ pair.keys() | list }}{{ pair.values() | list }}{{ pair.items() | list }}", "{{ pair.get('b') + 1 }}{{ pair.get('x') }}{{ pair.get('x', 5) }}", "{{ numbers.index(2) }}{{ numbers.count(1) }}", "{{ numbers.append(4) }}", "{{ pair.update({'z': 1}) }}", "{{ pair.pop('b') }}", "{{ numbers.pop() }}", "{{ pair.copy() }}{{ numbers.copy() }}",
        "{{ 'b' in pair.keys() }}{{ 1 in pair.values() }}", "{{ pair.items() | length }}", "{% for k, v in pair | dictsort %}{{ k }}{% endfor %}{% for k, v in pair | items %}{{ k }}{% endfor %}", "{{ dict(a=1, b=2) }}{{ dict({'x': 1}, y=2) }}{{ dict([('k', 'v')]) }}", "{{ numbers.sort() }}", "{{ numbers.index(9) }}", "{{ pair.setdefault('q', 1) }}", "{{ {'a': 1}.items() | list | first }}",
    ],
    "filters": [
        "{{ numbers | first }}{{ numbers | last }}{{ empty | first }}{{ 'abc' | first }}{{ 'abc' | last }}", "{{ numbers | join }}{{ numbers | join(', ') }}{{ messages | join('|', attribute='role') }}{{ messages | map(attribute='role') | join(',') }}", "{{ numbers | sort }}{{ numbers | sort(reverse=true) }}{{ mixed | sort }}{{ mixed | sort(case_sensitive=true) }}{{ messages | sort(attribute='role') | map(attribute='role') | list }}",
        "{{ numbers | sum }}{{ numbers | max }}{{ numbers | min }}{{ empty | sum }}{{ [{'a': 2}, {'a': 3}] | sum(attribute='a') }}{{ mixed | max }}", "{{ numbers | map('string') | list }}{{ mixed | map('upper') | list }}{{ tools | map(attribute='function.name') | list }}{{ messages | map(attribute='name', default='-') | list }}{{ [[1, 2]] | map('first') | list }}{{ ['a'] | map('replace', 'a', 'b') | list }}",
        "{{ numbers | select('odd') | list }}{{ numbers | reject('odd') | list }}{{ [0, 1, ''] | select | list }}{{ numbers | select('gt', 1) | list }}{{ numbers | select('in', [1, 2]) | list }}", "{{ messages | selectattr('content') | list | length }}{{ messages | rejectattr('role', 'eq', 'user') | list | length }}{{ messages | selectattr('tool_calls', 'defined') | list | length }}{{ messages | selectattr('role', 'in', ['user', 'tool']) | map(attribute='role') | list }}",
        "{{ [1, 2, 1, 3] | unique | list }}{{ ['a', 'A'] | unique | list }}{{ messages | map(attribute='role') | unique | list }}", "{{ numbers | list }}{{ 'abc' | list }}{{ pair | list }}{{ range(3) | list }}", "{{ numbers | reverse | list }}{{ 'abc' | reverse }}",
        "{{ 'x' | default('d') }}{{ missing | default('d') }}{{ none | default('d') }}{{ none | default('d', true) }}{{ '' | d('e', boolean=true) }}{{ missing | default }}", "{{ ' a ' | trim }}{{ 'xxaxx' | trim('x') }}{{ 'ABC' | lower }}{{ 'abc' | upper | lower }}{{ 'abc def' | capitalize }}{{ 'abc def-ghi' | title }}{{ 'a b' | replace(' ', '') }}{{ 'aaa' | replace('a', 'b', 2) }}{{ 5 | replace('5', 'x') }}",
        "{{ 3.7 | int }}{{ '3.7' | int }}{{ 'x' | int }}{{ 'x' | int(-1) }}{{ '12' | int }}{{ 'ff' | int(base=16) }}{{ '0x1A' | int(0, 16) }}{{ none | int }}{{ ' 42 ' | int }}{{ true | int }}{{ -3.7 | int }}", "{{ '1.5' | float }}{{ 'x' | float }}{{ 3 | float }}{{ 'x' | float(2.5) }}{{ none | float }}{{ 'inf' | float }}{{ '1e3' | float }}{{ 'nan' | float }}", "{{ 2.5 | round }}{{ 3.5 | round }}{{ 2.345 | round(2) }}{{ 2.1 | round(method='ceil') }}{{ 2.9 | round(0, 'floor') }}{{ 7 | round }}{{ 1234.5 | round(-2) }}{{ 0.285 | round(2) }}{{ 1.005 | round(2) }}{{ -2.5 | round }}",
        "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(2, blank=true) }}|{{ 'a\\nb' | indent('> ') }}|{{ 'a\\n' | indent(width=3) }}", "{{ 'a b c' | wordcount }}{{ 'abc' | length }}{{ numbers | count }}{{ pair | length }}", "{{ 5 | length }}", "{{ none | length }}", "{{ missing | length }}", "{{ '<a href=\"x\">\\'&' | e }}{{ '<' | escape }}{{ '<' | safe }}",
        "{{ '%s-%s' | format(1, 'a') }}{{ '%(a)s' | format(a=2) }}", "{{ pair | dictsort }}{{ {'b': 1, 'A': 2} | dictsort }}{{ {'b': 1, 'a': 2} | dictsort(by='value') }}{{ {'b': 1, 'a': 2} | dictsort(reverse=true) }}{{ {'b': 1, 'A': 2} | dictsort(true) }}", "{{ pair | items | list }}{{ missing | items | list }}", "{{ 5 | string ~ 'x' }}{{ [1] | string }}{{ none | string }}", "{{ -5 | abs }}{{ 5.5 | abs }}", "{{ pair | attr('b') is defined }}{{ messages[0] | attr('role') is defined }}",
        "{{ [3, 1] | sort | first }}{{ (numbers | sort)[0] }}{{ numbers | sort | map('string') | join('-') }}", "{{ 'a,b' | list | join }}", "{{ messages | map(attribute='content') | select('string') | map('trim') | list }}", "{{ numbers | map('nonsense') | list }}", "{{ numbers | select('nonsense') | list }}", "{{ 5 | nonsense }}", "{{ 5 is nonsense }}", "{{ missing | upper }}|{{ missing | trim }}|{{ none | upper }}|{{ missing | list }}|{{ missing | join }}", "{{ none | join }}", "{{ none | trim }}", "{{ numbers | map(attribute=0) | list }}", "{{ [[1, 'a'], [0, 'b']] | sort(attribute='1') }}{{ [[1, 'a'], [0, 'b']] | sort(attribute=0) }}", "{{ [{'a': 1, 'b': 2}, {'a': 1, 'b': 1}] | sort(attribute='a,b') | map(attribute='b') | list }}", "{{ ['b', 1] | sort }}", "{{ [2, 1.5, true] | sort }}", "{{ numbers | unique | sort | list | tojson }}", "{{ mixed | min }}{{ mixed | max(case_sensitive=true) }}", "{{ messages | selectattr('function.name', 'equalto', 'add') | list }}", "{{ [none, 1] | map('default', 'x', true) | list }}",
    ],
    "set, if, with, filter blocks": [
        "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = b = 1 %}", "{% set x %}a{{ 1 + 1 }}{% endset %}{{ x }}{{ x | length }}", "{% set x | upper %}abc{% endset %}{{ x }}", "{% set x | replace('b', 'c') | upper %}abc{% endset %}{{ x }}", "{% if true %}{% set y = 1 %}{% endif %}{{ y }}", "{% if false %}a{% elif none %}b{% elif 'x' %}c{% else %}d{% endif %}", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q is defined }}", "{% with a = 1 %}{% with b = a %}{{ b }}{% endwith %}{% endwith %}", "{% filter upper %}a{{ 'b' }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aa{% endfilter %}", "{% set x = 1 if flag else 2 %}{{ x }}", "{% set x = 'a' if not flag else 'b' if true else 'c' %}{{ x }}", "{% set x = numbers %}{% set x = x + [1] %}{{ x }}{{ numbers }}", "{% set messages = messages[1:] %}{{ messages[0].role }}", "{% if messages[0]['role'] == 'system' %}{% set system_message = messages[0]['content'] | trim %}{% set messages = messages[1:] %}{% else %}{% set system_message = '' %}{% endif %}[{{ system_message }}]{{ messages | length }}", "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{{ add_generation_prompt }}", "{% if tools is defined and tools is not none and tools | length > 0 %}{{ tools[0].function.name }}{% endif %}", "{% set t = (1, 2) %}{% set a, b = t %}{{ a ~ b }}", "{% set (a, b) = [1, 2] %}{{ a }}{{ b }}", "{% set a, b = [1] %}", "{% do numbers.append(1) %}", "{% generation %}x{% endgeneration %}", "{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as y %}", "{% trans %}x{% endtrans %}", "{% if true %}", "{% endif %}", "{% for %}{% endfor %}", "{{ }}", "{{ 1 +}}", "{% set x %}", "{{ 'a }}", "{# c", "{{ a b }}", "{% if a = 1 %}{% endif %}", "{{ [1, 2 }}", "{{ {'a' 1} }}", "{{ 1 if }}", "{% else %}", "{% set 1 = 2 %}", "{% set none = 2 %}{{ none }}", "{{ not }}", "{% macro %}{% endmacro %}", "{% raw %}{{ x }}{% if %}{% endraw %}", "{% raw -%}  a {%- endraw %}b", "{{ '{{' }}{{ '}}' }}{{ '%}' }}", "{{ {'a': {'b': 1}}['a']['b'] }}{{ {'a': {'b': {}}} }}", "{{ namespace is defined }}",
    ],
    "white space": [
        "a\n{% if true %}\nb\n{% endif %}\nc\n", "a\n  {% if true %}\n  b\n  {% endif %}\n c", "a {%- if true -%} b {%- endif -%} c", "a\n{%- if true %}\nb\n{%- endif %}\nc", "{{- 'a' -}}  b  {{- 'c' }} d", "  {{ 'a' }}\n  {{ 'b' }}\n", "a  {#- c -#}  b", "a\n  {# c #}\n  b", "a {# c #} b", "{% if true +%}\na{% endif %}", "a\n  {%+ if true %}b{% endif %}", "x{% if true %} \n y{% endif %}", "{%- set x = 1 -%}\n\n  a", "\n\n{% set x = 1 %}\n\na\n\n", "a\r\n{% if true %}\r\nb\r\n{% endif %}\r\nc", "{% for n in numbers %}\n{{ n }}\n{% endfor %}\n", "{%- for n in numbers -%}\n  {{ n }}\n{%- endfor -%}\n", "{% for n in numbers %}\n    {%- if n == 1 %}\n        {{- 'one' }}\n    {%- else %}\n        {{- n }}\n    {%- endif %}\n{%- endfor %}", "{{ 'a\n  b' }}", "\t{% if true %}\tx{% endif %}\t", "{{ 'a' }}\n\n{% if true %}\n\nb{% endif %}", "{%if true%}a{%endif%}{{1}}{{-1}}", "{{ 1 -}} \n {{+ 2 }}", "a{% if true %}\n\nb{% endif %}\n\n\n", "{% raw %}\n {{ x }}\n{% endraw %}\nb", "{%- raw -%}\n {{ x }}\n{%- endraw -%}\nb", "  {%- macro m() %}\n x\n  {% endmacro %}\n  {{ m() }}", "a\n\n{#- c #}\n\nb", "{#+ c +#}\nb", "{{- '\\n' + 'a' + '\\n' -}}", "\u00a0{%- if true %}x{% endif -%}\u00a0y", "{% set x %}\n a\n{% endset %}[{{ x }}]", " {{-\n 'a'\n -}} ", "{%\n if\n true\n %}a{%\n endif %}", "{{\n{'a':\n1}\n}}", "{# {{ x }} {% if %} #}a", "{{ 'a' }}{#- #}\n b",
    ],
    "tool calls": [
        "{%- for m in messages if m.tool_calls is defined %}{%- for c in m.tool_calls %}{{- '<tool_call>\\n{\"name\": \"' + c.function.name + '\", \"arguments\": ' }}{%- if c.function.arguments is string %}{{- c.function.arguments }}{%- else %}{{- c.function.arguments | tojson }}{%- endif %}{{- '}\\n</tool_call>' }}{%- endfor %}{%- endfor %}",
        "{%- for t in tools %}{{- t | tojson(indent=4) }}{{- '\\n\\n' }}{%- endfor %}",
        "{%- for m in messages %}{%- if (m.role == 'user') or (m.role == 'system' and not loop.first) %}U{%- elif m.role == 'assistant' %}{%- if m.content is string %}{{ m.content }}{%- endif %}A{%- elif m.role == 'tool' %}{%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}{{- m.content }}{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\\n' }}{%- endif %}{%- endif %}{%- endfor %}",
        "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages | length - 1) %}{%- for message in messages[::-1] %}{%- set index = (messages | length - 1) - loop.index0 %}{%- if ns.multi_step_tool and message.role == 'user' and message.content is string and not (message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}{{ ns.last_query_index }}",
        "{%- macro render(fields, depth) %}{%- for k, v in fields | dictsort %}{{ '  ' * depth }}{{ k }}: {% if v is mapping %}{{ '\\n' }}{{ render(v, depth + 1) }}{% elif v is sequence and v is not string %}{{ v | join('|') }}\n{% else %}{{ v }}\n{% endif %}{%- endfor %}{%- endmacro %}{{ render(tools[0].function.parameters, 0) }}",
        "{{ messages[2].tool_calls[0]['function']['arguments'].items() | list }}{% for k, v in messages[2].tool_calls[0].function.arguments.items() %}{{ k }}={{ v | tojson }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ loop.index0 }}{% endif %}{% endfor %}",
        "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' + (m.content or '') | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}",
        "{% for m in messages %}{% if m.content is none %}-{% elif m.content is string %}{{ m.content | trim }}{% else %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endif %}{{ eos_token }}{% endfor %}",
        "{% set t = [] %}{% for x in tools %}{% set t = t + [x.function.name] %}{% endfor %}{{ t }}",
        "{{ messages | selectattr('role', 'equalto', 'user') | list | last }}",
    ],
}

# What Jinja has and our interpreter refuses, by name.
REFUSED = [
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(*[7]) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(**{'a': 8}) }}",
    "{{ 9223372036854775807 + 1 }}",
    "{{ 'a\\tb'.expandtabs(4) }}",
    "{{ 'x'.encode() }}",
    "{{ pair.fromkeys(['a']) }}",
    "{{ messages | groupby('role') | map('first') | list }}",
    "{{ '<b>x</b> y' | striptags }}",
    "{{ 'a b' | urlencode }}{{ 'a&b/c' | urlencode }}",
    "{{ 'hello world foo' | truncate(8) }}{{ 'hello world' | truncate(8, true, '..', 0) }}",
    "{{ text | wordwrap(5) }}",
    "{{ 1000 | filesizeformat }}{{ 1500000 | filesizeformat }}",
    "{{ {'a': 1} | xmlattr }}",
    "{% autoescape true %}{{ '<' }}{% endautoescape %}",
    "{% block a %}x{% endblock %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}",
    "{% set j = joiner(',') %}{{ j() }}{{ j() }}",
    "{{ [1, 2, 3, 4, 5] | batch(2) | list }}{{ [1, 2, 3, 4, 5] | batch(2, 0) | list }}{{ [1, 2, 3, 4, 5] | slice(2) | list }}",
    "{{ 'x' | center(5) }}|",
]


def environment() -> ImmutableSandboxedEnvironment:
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


class Generation(jinja2.ext.Extension):
    """`{% generation %}`, which transformers uses to mark what the assistant said."""

    tags = {"generation"}

    def parse(self, parser):
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(lineno)

    def _body(self, caller):
        return caller()


def case(env, group, source):
    found = {"group": group, "template": source}
    try:
        found["text"] = env.from_string(source).render(**json.loads(json.dumps(VARIABLES)))
    except Exception as failure:  # noqa: BLE001 - every failure of Python's is one that ours must have too
        found["error"] = type(failure).__name__
        if type(failure) is jinja2.exceptions.TemplateError:
            found["message"] = str(failure)
    return found


def main() -> None:
    env = environment()
    cases = [case(env, group, source) for group, sources in CONSTRUCTS.items() for source in sources]
    json.dump({"reference": "jinja2 " + jinja2.__version__, "now": NOW.isoformat(), "variables": VARIABLES, "cases": cases, "refused": REFUSED},
              sys.stdout, ensure_ascii=True, indent=1)
    print()


main()
