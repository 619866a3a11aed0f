package io.llmserve.admission.share;

import java.util.LinkedHashMap;
import java.util.Map;

/// [OutputLengths] of each tenant; of too many, the one unused for longest is forgotten.
public final class TenantLengths {
    private final int firstGuess;
    private final Map<String, OutputLengths> tenants;

    public TenantLengths(int firstGuess, int mostTenants) {
        this.firstGuess = firstGuess;
        this.tenants = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, OutputLengths> eldest) {
                return size() > mostTenants;
            }
        };
    }

    public OutputLengths of(String tenant) {
        return tenants.computeIfAbsent(tenant, absent -> new OutputLengths(firstGuess));
    }
}
