#!/usr/bin/env python3
"""Makes docs/images/up.svg: a recording of a real first start, in three moments of its terminal.

    tools/record_terminal.py OUT.svg --folder CHECKOUT

Runs `./llmserve up` on a terminal of its own with an empty cache, keeps what the terminal shows in the middle of the download and when
the system is ready, asks the question of the README, and stops the server. Nothing in the picture is typed by hand. Standard library only.
"""
import argparse, html, os, pty, re, select, signal, struct, subprocess, sys, tempfile, termios, time, fcntl

COLUMNS, ROWS = 120, 60
CELL, LINE, MARGIN = 8.4, 19, 18
INDEX = re.compile(r"https://\S+/simple/")  # differs from place to place, so the picture does not name it
TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Screen:
    """Lines of (text, style), as far as LLMServe uses a terminal: carriage return, line feed, erase to the end, bold, dim."""

    def __init__(self):
        self.lines, self.style, self.column = [[]], "", 0

    def feed(self, text):
        for code, final, back, feed, plain in TOKEN.findall(text):
            if back:
                self.column = 0
            elif feed:
                self.lines.append([])
                self.column = 0
            elif plain:
                line = self.lines[-1]
                line[self.column:self.column + len(plain)] = [(c, self.style) for c in plain]
                self.column += len(plain)
            elif final == "K":
                del self.lines[-1][self.column:]
            elif final == "m":
                self.style = {"1": "b", "2": "d"}.get(code, "")

    def copy(self):
        return [list(line) for line in self.lines]


def record(command, environment, on_text):
    """Runs the command on a terminal; `on_text(screen, text, process)` sees the screen after each piece."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def own_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, preexec_fn=own_terminal)
    os.close(slave)
    screen, pending = Screen(), b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        text = (pending + piece).decode("utf-8", "ignore")
        pending = b""
        screen.feed(text)
        on_text(screen, text, process)
    process.wait()
    return screen


def first_start(folder, home):
    moments = {}
    environment = dict(os.environ, HOME=home, XDG_CACHE_HOME=home + "/cache", TERM="xterm", LANG="C.UTF-8")

    def watch(screen, text, process):
        line = "".join(c for c, _ in screen.lines[-1])
        percent = re.search(r"Downloading.* (\d+)%", line)
        if percent and 40 <= int(percent[1]) <= 75:
            moments["download"] = screen.copy()
        if "Ctrl-C stops it" in "".join(c for row in screen.lines for c, _ in row) and "ready" not in moments:
            moments["ready"] = screen.copy()
            moments["answer"] = ask(screen, environment)
            process.send_signal(signal.SIGTERM) # SIGINT is ignored under a script in the background

    record([folder + "/llmserve", "up"], environment, watch)
    return moments


def ask(screen, environment):
    """The request that the start shows, with its answer's words picked out of the stream."""
    shown = ["".join(c for c, _ in row).strip() for row in screen.lines]
    first = next(i for i, line in enumerate(shown) if line.startswith("curl"))
    pick = "sed -un 's/.*\"content\":\"\\([^\"]*\\)\".*/\\1/p' | tr -d '\\n'"
    curl = shown[first].rstrip("\\").replace("curl -N", "curl -sN") + shown[first + 1]
    answer = record(["sh", "-c", curl + " | " + pick], environment, lambda *_: None)
    typed = Screen()
    typed.feed("$ %s\\\n    %s \\\n    | %s\n" % (shown[first].rstrip("\\"), shown[first + 1], pick))
    return typed.copy()[:-1] + answer.copy()


def prompt(command, screen):
    typed = Screen()
    typed.feed("$ " + command)
    return typed.copy() + [row for row in screen]


def wrap(rows):
    return [row[at:at + COLUMNS] for row in rows for at in range(0, max(1, len(row)), COLUMNS)]


def svg(panes):
    width = COLUMNS * CELL + 2 * MARGIN
    parts, top = [], 0
    for title, rows in panes:
        rows = wrap(rows)
        while rows and not rows[-1]:
            rows.pop()
        height = len(rows) * LINE + 2 * MARGIN + 14
        parts.append(f'<g transform="translate(0 {top})"><rect width="{width:.0f}" height="{height}" rx="8" fill="#1e2127"/>'
                     f'<text class="t" x="{MARGIN}" y="22">{html.escape(title)}</text>')
        for number, row in enumerate(rows):
            y, at = 46 + number * LINE, 0
            while at < len(row):
                end = at
                while end < len(row) and row[end][1] == row[at][1]:
                    end += 1
                text = "".join(c for c, _ in row[at:end])
                if text.strip():
                    kind = f' class="{row[at][1]}"' if row[at][1] else ""
                    parts.append(f'<text{kind} x="{MARGIN + at * CELL:.1f}" y="{y}" textLength="{len(text) * CELL:.1f}" '
                                 f'xml:space="preserve">{html.escape(INDEX.sub("the package index", text))}</text>')
                at = end
        parts.append("</g>")
        top += height + 10
    style = ("text{font:14px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d7dae0}"
             ".b{font-weight:bold}.d{fill:#8b919b}.t{fill:#8b919b;font-size:12px}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {top - 10}" font-size="14">'
            f"<style>{style}</style>{''.join(parts)}</svg>\n")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("out")
    options.add_argument("--folder", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        moments = first_start(chosen.folder, home)
    if set(moments) != {"download", "ready", "answer"}:
        sys.exit("record_terminal: the start showed only %s" % sorted(moments))
    with open(chosen.out, "w", encoding="utf-8") as out:
        out.write(svg([
            ("while the model is fetched", prompt("./llmserve up", moments["download"])),
            ("when it is ready", prompt("./llmserve up", moments["ready"])),
            ("in another terminal", moments["answer"]),
        ]))


if __name__ == "__main__":
    main()
