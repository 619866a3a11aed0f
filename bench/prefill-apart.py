#!/usr/bin/env python3
"""What prefill and decode apart cost and bring on this machine, beside one worker that does all, on the same cores.

interference   Some streams run while long prompts arrive one after another: milliseconds between two tokens of the streams
               (p50, p99, worst), tokens per second of all of them, and how long a long prompt waits for its first token.
transfer       Time to the first token of one prompt on an idle system, by its length: computed where it is decoded; computed
               by a prefill worker and handed over; and handed over by a prefill worker that has it in its cache. The last
               is what a transfer costs; where it meets the first lies the break-even.

usage: bench/prefill-apart.py interference|transfer [--only NAME,...] [--json FILE] [--svg FILE] [--from FILE]
--json keeps what an earlier run with other --only has measured, so that each run can be short. Leave the machine alone.
"""
import argparse
import http.client
import json
import os
import random
import re
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The streams' own short prompts are computed where they are decoded.
LONG_ONES = "scheduling: {prefill_short_prompt_tokens: 64, prefill_long_prompt_tokens: 64}"
EVERY = "scheduling: {prefill_short_prompt_tokens: 0, prefill_long_prompt_tokens: 0}"
APART = "disaggregated: true, replicas: {prefill: 1, decode: %d}"
ARRANGEMENTS = {
    "interference": {
        "one worker": [],
        "1P+1D in one process": ["deployment: {%s}" % (APART % 1), LONG_ONES],
        "1P+1D, each a process": ["deployment: {%s, isolate: true}" % (APART % 1), LONG_ONES],
    },
    "transfer": {
        "computed": [],
        "handed over": ["deployment: {%s}" % (APART % 2), EVERY, "routing: {policy: round_robin}"],
    },
}
WORDS = "sea wind stone river cloud winter garden letter window morning paper green silver quiet narrow distant".split()


def main():
    options = parse()
    record = {"measure": options.measure, "machine": machine(), "arrangements": {}}
    for earlier in (options.source, options.json):
        if earlier and Path(earlier).exists():
            record = json.loads(Path(earlier).read_text())
    if not options.source:
        names = options.only.split(",") if options.only else list(ARRANGEMENTS[options.measure])
        for name in names:
            with Server(options, ARRANGEMENTS[options.measure][name]) as server:
                measure = interference if options.measure == "interference" else transfer
                record["arrangements"][name] = measure(options, server, name)
            if options.json:
                Path(options.json).write_text(json.dumps(record, indent=1) + "\n")
    print(table(record))
    if options.svg:
        Path(options.svg).write_text(chart(record))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=ARRANGEMENTS)
    parser.add_argument("--only", default="", help="arrangements by commas; default: all")
    parser.add_argument("--streams", type=int, default=4, help="that run while long prompts arrive")
    parser.add_argument("--long", type=int, default=1200, help="words of a long prompt, about as many tokens")
    parser.add_argument("--prompts", type=int, default=5, help="long prompts, each sent when the one before has its first token")
    parser.add_argument("--lengths", default="8,16,32,64,128,256,512,1024,2048", help="words of prompts")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--command", default=str(HERE.parent / "llmserve"))
    parser.add_argument("--json", help="keep all figures here")
    parser.add_argument("--svg", help="write the chart here")
    parser.add_argument("--from", dest="source", help="measure nothing: read the figures of an earlier --json")
    return parser.parse_args()


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return "%d x %s" % (os.cpu_count(), model.group(1) if model else "unknown")


class Server:
    """`llmserve up` on free ports, from start to ready and from SIGTERM to its end."""

    def __init__(self, options, sections):
        self.port, metrics = free_port(), free_port()
        folder = tempfile.TemporaryDirectory(prefix="prefill-apart-")
        self.folder = folder
        manifest = Path(folder.name, "llmserve.yaml")
        lines = ["server: {port: %d, metrics_port: %d}" % (self.port, metrics), *sections]
        lines.append("engine: {threads: %d}" % options.threads)
        manifest.write_text("apiVersion: v1\nkind: LLMServe\nspec:\n" + "".join("  %s\n" % line for line in lines))
        self.log = open(Path(folder.name, "log"), "w+")
        self.process = subprocess.Popen([*shlex.split(options.command), "up", "-f", str(manifest)], stdout=self.log,
                                        stderr=subprocess.STDOUT)

    def __enter__(self):
        for _ in range(1200):
            if self.process.poll() is not None:
                break
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    for _ in range(2):  # what the JIT compiles only now is nobody's business here
                        stream(self, prompt(random.Random(), 300), 32)
                    return self
            except OSError:
                pass
            time.sleep(0.1)
        self.log.seek(0)
        sys.exit("llmserve is not ready:\n" + self.log.read())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def prompt(chance, words):
    return "%d " % chance.randrange(10 ** 9) + " ".join(chance.choice(WORDS) for _ in range(words))


def stream(server, text, tokens, stop=None):
    """Seconds from the request to each of its tokens."""
    body = {"prompt": text, "max_tokens": tokens, "ignore_eos": True, "temperature": 0, "stream": True}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    began = time.perf_counter()
    connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    times = []
    for line in answer:
        if line.startswith(b"data: {"):
            if b'"error"' in line:
                sys.exit("an answer failed: " + line.decode())
            times.append(time.perf_counter() - began)
        if stop and stop.is_set():
            break
    connection.close()
    return began, times


def interference(options, server, name):
    stop = threading.Event()
    streams = [None] * options.streams

    def run(number):
        streams[number] = stream(server, prompt(random.Random(number), 30), 4000, stop)

    threads = [threading.Thread(target=run, args=[number]) for number in range(options.streams)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    calm = time.perf_counter()
    time.sleep(3)
    chance = random.Random(name)
    arrives = time.perf_counter()
    waits = []
    for _ in range(options.prompts):
        _, times = stream(server, prompt(chance, options.long), 1)
        waits.append(times[0])
    ends = time.perf_counter()
    stop.set()
    for thread in threads:
        thread.join()
    return {
        "calm": between(streams, calm, arrives),
        "busy": between(streams, arrives, ends),
        "first_token_s": round(statistics.median(waits), 2),
    }


def between(streams, start, end):
    """Of the gaps between tokens that end within the time."""
    gaps = []
    for began, times in streams:
        gaps += [later - earlier for earlier, later in zip(times, times[1:]) if start <= began + later <= end]
    gaps.sort()
    return {
        "p50_ms": round(gaps[len(gaps) // 2] * 1000, 1),
        "p99_ms": round(gaps[int(len(gaps) * 0.99)] * 1000, 1),
        "worst_ms": round(gaps[-1] * 1000, 1),
        "tokens_per_s": round(len(gaps) / (end - start), 1),
    }


def transfer(options, server, name):
    """{words: seconds to the first token}. Where there are two decode workers, in turn: the second gets what the prefill worker has
    in its cache."""
    figures = {}
    chance = random.Random(name)
    for words in map(int, options.lengths.split(",")):
        cold, cached = [], []
        for _ in range(options.rounds):
            text = prompt(chance, words)
            cold.append(stream(server, text, 1)[1][0])
            if name != "computed":
                cached.append(stream(server, text, 1)[1][0])
        words = str(words)
        figures[words] = {"cold_ms": round(statistics.median(cold) * 1000, 1)}
        if cached:
            figures[words]["cached_ms"] = round(statistics.median(cached) * 1000, 1)
    return figures


def table(record):
    lines = [record["machine"], ""]
    if record["measure"] == "interference":
        lines += ["| | p50, calm | p50 | p99 | worst | tokens/s, calm | tokens/s | first token of a long prompt |",
                  "|---|---|---|---|---|---|---|---|"]
        for name, one in record["arrangements"].items():
            calm, busy = one["calm"], one["busy"]
            lines.append("| %s | %.1f ms | %.1f ms | %.1f ms | %.1f ms | %.1f | %.1f | %.2f s |" % (
                name, calm["p50_ms"], busy["p50_ms"], busy["p99_ms"], busy["worst_ms"], calm["tokens_per_s"],
                busy["tokens_per_s"], one["first_token_s"]))
        return "\n".join(lines)
    lines += ["| words of the prompt | computed where it is decoded | prefill apart | handed over from prefill's cache |", "|---|---|---|---|"]
    computed, handed = (record["arrangements"].get(name, {}) for name in ("computed", "handed over"))
    for words in computed or handed:
        lines.append("| %s | %s | %s | %s |" % (
            words, shown(computed, words, "cold_ms"), shown(handed, words, "cold_ms"), shown(handed, words, "cached_ms")))
    return "\n".join(lines)


def shown(figures, words, key):
    return "%.0f ms" % figures[words][key] if words in figures else ""


def chart(record):
    if record["measure"] == "interference":
        rows = [(name, one["busy"]["p99_ms"]) for name, one in record["arrangements"].items()]
        return bars("p99 between two tokens while long prompts arrive, ms", rows)
    computed, handed = record["arrangements"]["computed"], record["arrangements"]["handed over"]
    rows = []
    for words in computed:
        rows.append(("%s words: computed" % words, computed[words]["cold_ms"]))
        rows.append(("prefill apart", handed[words]["cold_ms"]))
        rows.append(("handed over", handed[words]["cached_ms"]))
    return bars("time to the first token, ms", rows)


def bars(title, rows):
    most = max(value for _, value in rows)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="720" height="%d" font-family="sans-serif" font-size="12">' % (40 + 20 * len(rows)),
             '<rect width="100%" height="100%" fill="white"/>', '<text x="10" y="20" font-weight="bold">%s</text>' % title]
    for number, (name, value) in enumerate(rows):
        y = 34 + 20 * number
        parts.append('<text x="190" y="%d" text-anchor="end">%s</text>' % (y + 11, name))
        parts.append('<rect x="200" y="%d" width="%.1f" height="14" fill="#4c72b0"/>' % (y, max(1, 440 * value / most)))
        parts.append('<text x="%.1f" y="%d">%.0f</text>' % (206 + 440 * value / most, y + 11, value))
    return "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    main()
