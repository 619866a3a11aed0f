package io.llmserve.routing.kv;

/// How many tokens of a prompt's beginning each worker has, by the worker's number. A block counts where all
/// before it are there too. Filled by [KvIndex#match]; may be used again for the next prompt.
public final class PrefixMatch {
    int[] device = new int[0];
    int[] host = new int[0];
    int[] any = new int[0];
    int[] confirmed = new int[0];

    /// In the device's memory, or guessed to be: the part before the first block that must be brought there.
    public int deviceTokens(int worker) {
        return at(device, worker);
    }

    /// There or in the host's memory: the part before the first block that lies in storage alone.
    public int hostTokens(int worker) {
        return at(host, worker);
    }

    /// In any medium, or guessed: what the worker need not compute, if all comes true.
    public int tokens(int worker) {
        return at(any, worker);
    }

    /// In any medium, as the worker's events have it.
    public int confirmedTokens(int worker) {
        return at(confirmed, worker);
    }

    /// Nobody has anything.
    void reset(int workers) {
        device = new int[workers];
        host = new int[workers];
        any = new int[workers];
        confirmed = new int[workers];
    }

    private static int at(int[] counts, int worker) {
        return worker < counts.length ? counts[worker] : 0;
    }
}
