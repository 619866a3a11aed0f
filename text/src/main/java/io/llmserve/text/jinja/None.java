package io.llmserve.text.jinja;

/// Python's `None`. Values of a template are never null: Boolean, Long, Double, BigInteger, String, List, Map,
/// this, [Undefined], [Lazy], [Namespace], [LoopState] or [Function].
enum None {
    NONE;

    @Override
    public String toString() {
        return "None";
    }
}
