/// What tenants, and all together, may use: levels (what is held now) and rates (what was taken within a window). Taken
/// before it is used, and given back once. Not thread-safe, and without a clock: time is an argument.
@NullMarked
package io.llmserve.admission.budget;

import org.jspecify.annotations.NullMarked;
