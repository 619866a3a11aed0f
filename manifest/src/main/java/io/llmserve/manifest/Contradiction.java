package io.llmserve.manifest;

/// Fields that are fine each for itself but not together; thrown by the constructor of the record that holds them.
final class Contradiction extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String field;

    /// @param field the one to point at, relative to the record, e.g. `metrics_port` or `replicas.prefill`
    Contradiction(String field, String message) {
        super(message);
        this.field = field;
    }

    String field() {
        return field;
    }

    String message() {
        return String.valueOf(getMessage());
    }
}
