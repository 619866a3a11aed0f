#!/usr/bin/env python3
"""Draws what `llmserve bench fleet --json FILE` found.

usage: bench/fleet-chart.py FILE.json CHART.svg

One line per size of fleet: good requests a second for each worker, over the share of workers that prefill. At
share 0 all workers do everything.
"""
import json
import sys
from pathlib import Path

COLORS = ["#b5651d", "#2f7d4f", "#2b5d8a", "#8a2b6b", "#6b6b2b", "#444444", "#c23b3b"]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Path(sys.argv[2]).write_text(chart(json.loads(Path(sys.argv[1]).read_text())))


def chart(record):
    left, top, width, height = 64, 76, 560, 260
    sizes = sorted({workers(row) for row in record["rows"]} - {1})
    most = max(good(row) for row in record["rows"]) * 1.08
    x = lambda share: left + width * share
    y = lambda value: top + height * (1 - value / most)
    objectives, load = record["objectives"], record["load"]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 130} {top + height + 56}" '
           'font-family="system-ui, sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           '<text x="16" y="26" font-size="16" font-weight="600" fill="#1a1a1a">Simulated fleets: prefill and decode apart</text>',
           f'<text x="16" y="46" fill="#555">Good requests a second for each worker (first token within {objectives["firstToken"]:g} s, '
           f'mean gap within {1000 * objectives["gap"]:g} ms); {load["requestsPerSecond"]:g} come.</text>']
    for i in range(5):
        value = most * i / 4
        out += [f'<line x1="{left}" x2="{left + width}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>',
                f'<text x="{left - 8}" y="{y(value) + 4:.1f}" text-anchor="end" fill="#555">{value:.2f}</text>']
    for i in range(9):
        out.append(f'<text x="{x(i / 8):.1f}" y="{top + height + 20}" text-anchor="middle" fill="#555">{i / 8:g}</text>')
    out.append(f'<text x="{left + width / 2}" y="{top + height + 42}" text-anchor="middle" fill="#1a1a1a">share of workers that prefill</text>')
    for size, color in zip(sizes, COLORS):
        rows = sorted((row for row in record["rows"] if workers(row) == size), key=share)
        points = [(x(share(row)), y(good(row))) for row in rows]
        out.append(f'<polyline fill="none" stroke="{color}" stroke-width="1.6" points="'
                   + " ".join(f"{a:.1f},{b:.1f}" for a, b in points) + '"/>')
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{color}"/>' for a, b in points]
        at = top + 14 + 18 * sizes.index(size)
        out += [f'<line x1="{left + width + 20}" x2="{left + width + 44}" y1="{at}" y2="{at}" stroke="{color}" stroke-width="2"/>',
                f'<text x="{left + width + 50}" y="{at + 4}" fill="#1a1a1a">{size} workers</text>']
    return "\n".join(out + ["</svg>"]) + "\n"


def workers(row):
    return row["shape"]["prefill"] + row["shape"]["decode"] + row["shape"]["both"]


def share(row):
    return row["shape"]["prefill"] / workers(row)


def good(row):
    return row["report"]["goodRequestsPerSecond"] / workers(row)


if __name__ == "__main__":
    main()
