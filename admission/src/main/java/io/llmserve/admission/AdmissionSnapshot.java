package io.llmserve.admission;

import io.llmserve.admission.budget.Resource;
import java.util.Map;

/// The figures of a moment, for metrics.
///
/// @param gap between the counters of those tenants that wait, in work over weight
/// @param bound what the gap can't exceed
/// @param used by all together
public record AdmissionSnapshot(int waiting, int running, double gap, double bound, Map<Resource, Long> used) {}
