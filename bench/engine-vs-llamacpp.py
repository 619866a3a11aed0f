#!/usr/bin/env python3
"""Runs the embedded engine and llama.cpp in turn on this machine, same threads and model, and compares them.

A turn runs ours once and llama.cpp once per format, one after the other, never together. A case's figure is the median
over all turns; the peer's is that of its best format for this case. The ratio says how many times as good ours is (above
1: faster, or less memory); its spread is the smallest and largest ratio within one turn.

usage: bench/engine-vs-llamacpp.py [--turns 3] [--cases prefill,decode_1_,decode_16] [--threads 2] [--json FILE] [--svg FILE] [--from FILE]
Needs gcc, npm and pip for the peer. Leave the machine alone while it runs: llama.cpp spins on its threads.
"""
import argparse
import datetime
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS = "llmserve"


def main():
    options = parse()
    if options.source:
        record = json.loads(Path(options.source).read_text())
    else:
        record = {"machine": machine(options.threads), "turns": []}
        for number in range(options.turns):
            record["turns"].append(turn(options, number))
            if options.json:  # what is measured is kept, even if a later turn is cut off
                Path(options.json).write_text(json.dumps(record, indent=1) + "\n")
    record["cases"] = compare(record["turns"])
    print(table(record))
    if options.json:
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n")
    if options.svg:
        Path(options.svg).write_text(chart(record))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=1, help="rounds within a turn")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--formats", default="Q4_0 Q8_0", help="llama.cpp's; default: %(default)s")
    parser.add_argument("--cases", default="", help="only cases that begin so, by commas; default: all, two minutes a side")
    parser.add_argument("--ours", default=str(HERE.parent / "llmserve") + " bench engine", help="default: %(default)s")
    parser.add_argument("--wrap", default="", help="prefix of every measured command, such as 'taskset -c 0,1'")
    parser.add_argument("--json", help="write all figures here")
    parser.add_argument("--svg", help="write the chart here")
    parser.add_argument("--from", dest="source", help="measure nothing: read the figures of an earlier --json")
    return parser.parse_args()


def turn(options, number):
    """One run of everything: {peer: {case: [figure, ...]}}. Every second turn goes the other way round."""
    ours = f"{options.ours} --threads {options.threads} --rounds {options.rounds}"
    ours += f" --case {options.cases}" if options.cases else ""
    peer = str(HERE / "peers" / "llamacpp" / "run.sh")
    commands = [(OURS, ours)] + [(f, f"{peer} {f}") for f in options.formats.split()]
    figures = {}
    for name, command in commands if number % 2 == 0 else reversed(commands):
        print(f"turn {number + 1} of {options.turns}: {name}", file=sys.stderr, flush=True)
        figures[name] = measure(options, command)
    return figures


def measure(options, command):
    environment = dict(os.environ, THREADS=str(options.threads), ROUNDS=str(options.rounds), CASES=options.cases)
    result = subprocess.run(shlex.split(f"{options.wrap} {command}"), env=environment, text=True, stdout=subprocess.PIPE)
    if result.returncode != 0:
        sys.exit(f"'{command}' ended with {result.returncode}")
    figures = {}
    for line in filter(lambda text: text.startswith("{"), result.stdout.splitlines()):
        figure = json.loads(line)
        for key in ("value", "p50", "p99", "max", "tok_s"):
            if key in figure:
                figures.setdefault(case_name(figure["case"], key), []).append(figure[key])
    return figures


def case_name(case, key):
    if key == "value":
        return case
    return case.replace("_itl_ms", "_tok_s") if key == "tok_s" else f"{case}_{key}"


def compare(turns):
    """Per case: medians, best peer format, ratio and its spread."""
    cases = []
    for case in turns[0][OURS]:
        more_is_better = case.endswith("tok_s")
        ours = [statistics.median(turn[OURS][case]) for turn in turns]
        formats = {
            name: [statistics.median(turn[name][case]) for turn in turns]
            for name in turns[0]
            if name != OURS and case in turns[0][name]
        }
        if not formats:
            continue
        best = (max if more_is_better else min)(formats, key=lambda name: statistics.median(formats[name]))
        ratios = [a / b if more_is_better else b / a for a, b in zip(ours, formats[best])]
        mine, theirs = statistics.median(ours), statistics.median(formats[best])
        cases.append({
            "case": case,
            OURS: round(mine, 4),
            "llama.cpp": round(theirs, 4),
            "format": best,
            "ratio": round(mine / theirs if more_is_better else theirs / mine, 3),
            "ratio_min": round(min(ratios), 3),
            "ratio_max": round(max(ratios), 3),
        })
    return cases


def table(record):
    m = record["machine"]
    rows = [f"{m['cpu']}, {m['threads']} threads, {m['date']}, {len(record['turns'])} turns; ratio above 1: LLMServe is better", "",
            f"| {'case':<40} | {'LLMServe':>9} | {'llama.cpp':>9} | format | ratio | {'min - max':<11} |",
            f"|{'-' * 42}|{'-' * 10}:|{'-' * 10}:|--------|------:|{'-' * 13}|"]
    for c in record["cases"]:
        rows.append(f"| {c['case']:<40} | {number(c[OURS]):>9} | {number(c['llama.cpp']):>9} | {c['format']:<6} |"
                    f" {c['ratio']:>5.2f} | {c['ratio_min']:.2f} - {c['ratio_max']:.2f} |")
    return "\n".join(rows)


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def machine(threads):
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = f"{len(names)} x {names[0]}" if names else cpu
    return {"cpu": cpu, "threads": threads, "date": datetime.date.today().isoformat(), "system": platform.platform()}


def chart(record):
    """Horizontal bars of the ratio per case, whiskers for its spread, a line at 1."""
    cases = record["cases"]
    left, width, row, top = 300, 460, 26, 64
    longest = max(1.25, *(c["ratio_max"] for c in cases))
    x = lambda ratio: left + width * ratio / longest
    height = top + row * len(cases) + 34
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 80} {height}" '
           'font-family="system-ui, sans-serif" font-size="12">',
           f'<rect width="100%" height="100%" fill="#ffffff"/>',
           '<text x="16" y="26" font-size="16" font-weight="600" fill="#1a1a1a">LLMServe\'s embedded engine against llama.cpp</text>',
           f'<text x="16" y="46" fill="#555">Right of the line: LLMServe is better. {record["machine"]["cpu"]}, '
           f'{record["machine"]["threads"]} threads; best llama.cpp format per case.</text>']
    for i, c in enumerate(cases):
        y = top + i * row
        color = "#2f7d4f" if c["ratio"] >= 1 else "#b5651d"
        middle = y + row / 2
        out += [f'<text x="{left - 10}" y="{middle + 4}" text-anchor="end" fill="#1a1a1a">{c["case"]}</text>',
                f'<rect x="{left}" y="{y + 5}" width="{x(c["ratio"]) - left:.1f}" height="{row - 10}" rx="2" fill="{color}"/>',
                f'<line x1="{x(c["ratio_min"]):.1f}" x2="{x(c["ratio_max"]):.1f}" y1="{middle}" y2="{middle}" stroke="#1a1a1a"/>',
                f'<text x="{x(c["ratio_max"]) + 8:.1f}" y="{middle + 4}" fill="#1a1a1a">{c["ratio"]:.2f}</text>']
    bottom = top + row * len(cases)
    out += [f'<line x1="{x(1):.1f}" x2="{x(1):.1f}" y1="{top - 4}" y2="{bottom + 4}" stroke="#1a1a1a" stroke-dasharray="4 3"/>',
            f'<text x="{x(1):.1f}" y="{bottom + 20}" text-anchor="middle" fill="#555">1.0</text>', "</svg>"]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    main()
