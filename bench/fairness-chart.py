#!/usr/bin/env python3
"""Draws what `llmserve bench fairness --json FILE` found.

usage: bench/fairness-chart.py FILE.json CHART.svg

For each traffic and policy one bar: how long tenants that do not flood wait for a first token (mean, and p99 as a
line), and how much longer their short requests take than alone. Both axes are logarithmic.
"""
import json
import math
import sys
from pathlib import Path

COLORS = {"FCFS": "#b5651d", "ROUND_ROBIN": "#8a2b6b", "VTC": "#2b5d8a", "FAIR_SHARE": "#2f7d4f"}
NAMES = {"FCFS": "FCFS", "ROUND_ROBIN": "round robin", "VTC": "VTC", "FAIR_SHARE": "fair share"}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Path(sys.argv[2]).write_text(chart(json.loads(Path(sys.argv[1]).read_text())))


def chart(record):
    rows = record["rows"]
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 372" font-family="system-ui, sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           '<text x="16" y="26" font-size="16" font-weight="600" fill="#1a1a1a">Eight tenants at one worker: who is next</text>',
           f'<text x="16" y="46" fill="#555">Simulated, {record["hours"]:g} hours at a load of {record["load"]:g}. '
           'Tenants that do not flood; lower is better; logarithmic.</text>']
    panel(out, rows, 56, "seconds to the first token: mean, line to p99", lambda row: row["politeFirstToken"]["mean"],
          lambda row: row["politeFirstToken"]["p99"])
    panel(out, rows, 486, "short requests: time taken over time alone", lambda row: row["shortSlowdown"], None)
    for i, (policy, color) in enumerate(COLORS.items()):
        x = 56 + 130 * i
        out += [f'<rect x="{x}" y="346" width="12" height="12" fill="{color}"/>',
                f'<text x="{x + 18}" y="356" fill="#1a1a1a">{NAMES[policy]}</text>']
    return "\n".join(out + ["</svg>"]) + "\n"


def panel(out, rows, left, title, value, whisker):
    top, width, height = 84, 340, 216
    highest = max((whisker or value)(row) for row in rows)
    lowest = min(value(row) for row in rows)
    low, high = math.floor(math.log10(lowest) - 0.2), math.ceil(math.log10(highest))
    y = lambda v: top + height * (high - math.log10(v)) / (high - low)
    out.append(f'<text x="{left}" y="72" fill="#1a1a1a">{title}</text>')
    for power in range(low, high + 1):
        out += [f'<line x1="{left}" x2="{left + width}" y1="{y(10 ** power):.1f}" y2="{y(10 ** power):.1f}" stroke="#ddd"/>',
                f'<text x="{left - 6}" y="{y(10 ** power) + 4:.1f}" text-anchor="end" fill="#555">{10.0 ** power:g}</text>']
    patterns = list(dict.fromkeys(row["pattern"] for row in rows))
    group = width / len(patterns)
    for i, pattern in enumerate(patterns):
        of = [row for row in rows if row["pattern"] == pattern]
        bar = (group - 24) / len(of)
        for j, row in enumerate(of):
            x = left + group * i + 12 + bar * j
            out.append(f'<rect x="{x:.1f}" y="{y(value(row)):.1f}" width="{bar - 4:.1f}" '
                       f'height="{top + height - y(value(row)):.1f}" fill="{COLORS[row["policy"]]}"/>')
            if whisker:
                middle = x + (bar - 4) / 2
                out.append(f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{y(whisker(row)):.1f}" '
                           f'y2="{y(value(row)):.1f}" stroke="{COLORS[row["policy"]]}" stroke-width="1.6"/>')
        out.append(f'<text x="{left + group * (i + 0.5):.1f}" y="{top + height + 20}" text-anchor="middle" '
                   f'fill="#555">{pattern.lower()}</text>')


if __name__ == "__main__":
    main()
