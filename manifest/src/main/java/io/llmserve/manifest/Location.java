package io.llmserve.manifest;

/// Where a value was written: a place in a file (line and column from 1), or a command line flag (line 0).
public record Location(String source, int line, int column) {
    static Location flag(String flag) {
        return new Location(flag, 0, 0);
    }

    @Override
    public String toString() {
        return line == 0 ? source : source + ":" + line + ":" + column;
    }
}
