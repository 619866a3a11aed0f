package io.llmserve.bench.fairness;

import io.llmserve.admission.share.Discipline;
import io.llmserve.admission.share.FairShare;
import io.llmserve.admission.share.FirstCome;
import io.llmserve.admission.share.RoundOfTenants;
import io.llmserve.admission.share.ShareOptions;

/// What is compared.
public enum Policy {
    FCFS,
    ROUND_ROBIN,
    VTC,
    FAIR_SHARE;

    Discipline discipline(ShareOptions options) {
        return switch (this) {
            case FCFS -> new FirstCome();
            case ROUND_ROBIN -> new RoundOfTenants();
            case VTC -> FairShare.vtc(options.prices());
            case FAIR_SHARE -> new FairShare(options);
        };
    }

    /// As people call it.
    public String label() {
        return switch (this) {
            case FCFS -> "FCFS";
            case ROUND_ROBIN -> "round robin";
            case VTC -> "VTC";
            case FAIR_SHARE -> "fair share";
        };
    }
}
