/// Whose turn it is. Disciplines behind one small interface: first come first served, a round over the tenants, and
/// fair share by virtual counters, of which VTC is the simplest form.
@NullMarked
package io.llmserve.admission.share;

import org.jspecify.annotations.NullMarked;
