package io.llmserve.bench.fairness;

import io.llmserve.admission.Admission;
import io.llmserve.admission.AdmissionOptions;
import io.llmserve.admission.Outcome;
import io.llmserve.admission.Pass;
import io.llmserve.admission.Request;
import io.llmserve.admission.TenantTerms;
import io.llmserve.admission.Usage;
import io.llmserve.admission.budget.Limits;
import io.llmserve.admission.budget.Resource;
import io.llmserve.admission.share.ShareOptions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/// What the door itself costs: requests that come, have their turn and end, while many wait.
public final class AdmissionCost {
    private static final int PLACES = 256;
    private static final int ROUNDS = 5;
    private static final int REQUESTS = 100_000;
    private static final long MICROSECOND = 1_000;

    private final SplittableRandom random = new SplittableRandom(1);
    private final int tenants;
    private final Admission admission;
    private final TenantTerms terms;
    private final Deque<Pass> running = new ArrayDeque<>();
    private long now;

    private AdmissionCost(int waiting, int tenants) {
        this.tenants = tenants;
        this.admission = new Admission(new AdmissionOptions(
                ShareOptions.DEFAULT,
                Limits.NONE.with(Resource.CONCURRENCY, PLACES).with(Resource.TOKENS_PER_MINUTE, Long.MAX_VALUE / 2),
                waiting + 1,
                Duration.ofDays(1),
                64,
                256));
        this.terms = new TenantTerms(
                1,
                Limits.NONE.with(Resource.TOKENS_PER_MINUTE, Long.MAX_VALUE / 2).with(Resource.CONCURRENCY, waiting));
    }

    /// Microseconds of one request, from its offer to its settlement, of the best of some rounds.
    public static double microseconds(int waiting, int tenants, LongSupplier nanos) {
        AdmissionCost cost = new AdmissionCost(waiting, tenants);
        for (int i = 0; i < waiting + PLACES; i++) {
            cost.offer();
        }
        double best = Double.POSITIVE_INFINITY;
        for (int round = 0; round < ROUNDS; round++) {
            long begin = nanos.getAsLong();
            for (int i = 0; i < REQUESTS; i++) {
                cost.one();
            }
            best = Math.min(best, (nanos.getAsLong() - begin) / (double) MICROSECOND / REQUESTS);
        }
        return best;
    }

    /// One comes, one ends after two reports of its progress, and the next one runs.
    private void one() {
        now += MICROSECOND;
        offer();
        Pass pass = running.removeFirst();
        admission.progress(pass, 64, now);
        admission.progress(pass, 128, now);
        admission.settle(pass, new Usage(pass.request().promptTokens(), 0, 128, true), now);
        running.addAll(admission.next(now, PLACES));
    }

    private void offer() {
        String tenant = "tenant-" + random.nextInt(tenants);
        Request request =
                new Request(tenant, terms, 0, 1 + random.nextInt(2_000), 0, OptionalLong.empty(), 4_096, 0, 0);
        if (admission.offer(request, now) instanceof Outcome.Admitted(Pass pass)) {
            running.add(pass);
        }
    }
}
