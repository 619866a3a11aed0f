/// Who is let in, and when. Pure: no threads, no sockets, no clock; time is an argument, and the same code runs in the
/// gateway, in an engine's step loop and in a simulation in virtual time.
///
/// [io.llmserve.admission.Admission] is the door. A request is offered; it runs at once, waits for its fair turn, or is
/// refused with the reason. What runs tells its progress and is settled or canceled, once. Behind the door are two
/// parts
/// that know nothing of each other: `share` (whose turn it is) and `budget` (what may be used).
@NullMarked
package io.llmserve.admission;

import org.jspecify.annotations.NullMarked;
