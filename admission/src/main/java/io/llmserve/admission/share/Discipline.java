package io.llmserve.admission.share;

import java.util.Optional;

/// Decides who of those that wait is next. A request is added, then either started or withdrawn; one that was started
/// is told what it receives and ends once. Every operation takes `O(log n)`. Not thread-safe, and without a clock: a
/// request brings the time of its arrival.
public interface Discipline {
    /// It waits from now on.
    void add(Turn turn);

    /// Whose turn it is. It stays in the line.
    Optional<Turn> head();

    /// The head runs from now on.
    Turn startHead();

    /// It waits no more, and will not run.
    void withdraw(Turn turn);

    /// What a running request has received since it started, all in all. What was told before and is more, stands.
    void received(Turn turn, Tokens tokens);

    /// It runs no more, however it ended.
    void end(Turn turn);

    int waiting();

    /// Who has to go when the line is too long.
    Optional<Turn> last();
}
