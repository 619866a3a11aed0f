package io.llmserve.control;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a worker prints: forwarded to our log under the worker's name, and the end of it kept for the message
/// that says why the worker failed. Any thread may call.
final class Output {
    private static final Logger LOG = LoggerFactory.getLogger("worker");
    private static final int KEPT_LINES = 15;
    private static final int LONGEST_LINE = 2_000;
    private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");
    private static final Pattern ALARM = Pattern.compile("\\b(ERROR|CRITICAL|FATAL)\\b");

    /// As in `(EngineCore pid=7) INFO 11-21 23:36:11 [model.py:2152] `.
    private static final Pattern VLLM_HEAD = Pattern.compile("^(\\([^)]*\\) )?[A-Z]+ [0-9-]+ [0-9:]+ \\[[^]]*] ");

    private final String worker;
    private final Deque<String> last = new ArrayDeque<>();

    Output(String worker) {
        this.worker = worker;
    }

    void line(String printed) {
        String plain = COLOUR.matcher(printed).replaceAll("");
        String line = plain.length() <= LONGEST_LINE ? plain : plain.substring(0, LONGEST_LINE) + "...";
        synchronized (this) {
            last.addLast(line);
            if (last.size() > KEPT_LINES) {
                last.removeFirst();
            }
        }
        if (ALARM.matcher(line).find()) {
            LOG.warn("[{}] {}", worker, line);
        } else {
            LOG.info("[{}] {}", worker, line);
        }
    }

    /// The words of the last line.
    synchronized Optional<String> last() {
        return last.isEmpty()
                ? Optional.empty()
                : Optional.of(VLLM_HEAD.matcher(last.getLast()).replaceFirst(""));
    }

    /// The last lines, oldest first.
    synchronized List<String> end() {
        return List.copyOf(last);
    }
}
