package io.llmserve.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.admission.budget.Limits;
import io.llmserve.admission.budget.Refusal;
import io.llmserve.admission.budget.Resource;
import io.llmserve.admission.share.ShareOptions;
import io.llmserve.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;
import org.junit.jupiter.params.ParameterizedTest;

/// 100,000 random offers, turns, tokens, ends, cancels and faults, each end told twice at times, under a clock that
/// steps
/// back at times.
class AdmissionProperties {
    private static final int EVENTS = 5_000;
    private static final long WAIT = Duration.ofSeconds(2).toNanos();

    private final List<Pass> waiting = new ArrayList<>();
    private final List<Pass> running = new ArrayList<>();
    private final List<Pass> ended = new ArrayList<>();
    private long now;

    @ParameterizedTest
    @Seeds(20)
    void whatIsUsedIsWhatRunsAndNothingIsLeftBehind(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Limits all = Limits.NONE
                .with(Resource.CONCURRENCY, 1 + random.nextInt(20))
                .with(Resource.TOKENS_IN_FLIGHT, 300 + random.nextInt(3_000))
                .with(Resource.KV_BYTES, 3_000 + random.nextInt(30_000))
                .with(Resource.TOKENS_PER_MINUTE, 5_000 + random.nextInt(100_000));
        int mostWaiting = random.nextInt(30);
        Admission admission = new Admission(new AdmissionOptions(
                ShareOptions.DEFAULT, all, mostWaiting, Duration.ofNanos(WAIT), 1 + random.nextInt(30), 20));
        now = random.nextLong();
        for (int event = 0; event < EVENTS; event++) {
            now += random.nextLong(50_000_000);
            long given = random.nextInt(20) == 0 ? now - random.nextLong(20 * WAIT) : now;
            happen(admission, random, given);
            check(admission, all, mostWaiting, given);
        }
        for (Pass pass : List.copyOf(waiting)) {
            admission.cancel(pass, now);
        }
        running.forEach(pass -> admission.settle(pass, Usage.NOTHING, now));
        AdmissionSnapshot end = admission.snapshot(now + Duration.ofDays(2).toNanos());
        assertThat(end.used().values()).as("%s", end).containsOnly(0L);
        assertThat(end.waiting()).isZero();
        assertThat(end.running()).isZero();
        assertThat(end.gap()).isZero();
    }

    private void happen(Admission admission, SplittableRandom random, long given) {
        switch (random.nextInt(8)) {
            case 0, 1 -> offer(admission, request(random), given);
            case 2 -> started(admission.next(given, 1 + random.nextInt(4)));
            case 3, 4 -> generate(admission, random, given);
            case 5 -> end(admission, random, given);
            case 6 -> cancelOne(admission, random, given);
            default -> dismissed(admission, given);
        }
    }

    private void offer(Admission admission, Request request, long given) {
        switch (admission.offer(request, given)) {
            case Outcome.Admitted(Pass pass) -> running.add(pass);
            case Outcome.Queued(Pass pass) -> waiting.add(pass);
            case Outcome.Refused(Refusal refusal) ->
                assertThat(refusal.message()).contains(String.valueOf(refusal.limit()));
        }
        dismissed(admission, given);
    }

    private void started(List<Pass> passes) {
        assertThat(waiting).containsAll(passes);
        waiting.removeAll(passes);
        running.addAll(passes);
    }

    private void dismissed(Admission admission, long given) {
        for (Pass pass : admission.dismissed(given)) {
            assertThat(pass.refusal()).isPresent();
            assertThat(waiting.remove(pass)).isTrue();
            ended.add(pass);
        }
        assertThat(admission.nanosToDeadline(given).orElse(1)).isPositive();
    }

    private void generate(Admission admission, SplittableRandom random, long given) {
        if (running.isEmpty()) {
            return;
        }
        Pass pass = running.get(random.nextInt(running.size()));
        long most = pass.request().askedTokens().orElse(pass.request().mostTokens());
        long wanted = Math.min(most, pass.generated + random.nextInt(60));
        long had = pass.mayGenerate();
        Optional<Refusal> refused = admission.progress(pass, wanted, given);
        assertThat(pass.mayGenerate()).isGreaterThanOrEqualTo(refused.isEmpty() ? wanted : had);
        if (refused.isPresent()) {
            assertThat(pass.mayGenerate()).as("nothing was taken").isEqualTo(had);
        }
    }

    private void end(Admission admission, SplittableRandom random, long given) {
        if (running.isEmpty()) {
            return;
        }
        Pass pass = running.remove(random.nextInt(running.size()));
        long prompt = pass.request().promptTokens();
        Usage usage = random.nextInt(4) == 0
                ? Usage.NOTHING
                : new Usage(prompt, random.nextLong(prompt + 1), pass.generated, random.nextBoolean());
        assertThat(admission.settle(pass, usage, given)).isTrue();
        ended.add(pass);
    }

    private void cancelOne(Admission admission, SplittableRandom random, long given) {
        List<Pass> from = random.nextInt(3) == 0 ? ended : random.nextBoolean() ? running : waiting;
        if (from.isEmpty()) {
            return;
        }
        Pass pass = from.get(random.nextInt(from.size()));
        boolean open = pass.isRunning() || pass.isWaiting();
        assertThat(open).isEqualTo(from != ended);
        assertThat(admission.cancel(pass, given)).isEqualTo(open);
        if (open) {
            from.remove(pass);
            ended.add(pass);
        }
    }

    private void check(Admission admission, Limits all, int mostWaiting, long given) {
        AdmissionSnapshot snapshot = admission.snapshot(given);
        assertThat(snapshot.running()).isEqualTo(running.size());
        assertThat(snapshot.waiting()).isEqualTo(waiting.size()).isLessThanOrEqualTo(mostWaiting);
        assertThat(snapshot.gap()).isLessThanOrEqualTo(snapshot.bound() + 1e-6);
        assertThat(snapshot.used())
                .containsEntry(Resource.CONCURRENCY, (long) running.size())
                .containsEntry(Resource.TOKENS_IN_FLIGHT, sum(AdmissionProperties::tokens))
                .containsEntry(
                        Resource.KV_BYTES,
                        sum(pass -> tokens(pass) * pass.request().kvBytesPerToken()));
        snapshot.used()
                .forEach((resource, used) -> assertThat(used).as("%s", resource).isLessThanOrEqualTo(all.of(resource)));
    }

    private long sum(ToLongFunction<Pass> what) {
        return running.stream().mapToLong(what).sum();
    }

    private static long tokens(Pass pass) {
        return pass.request().promptTokens() + pass.mayGenerate();
    }

    private static Request request(SplittableRandom random) {
        int tenant = random.nextInt(5);
        TenantTerms terms = new TenantTerms(
                1 + tenant, Limits.NONE.with(Resource.CONCURRENCY, 10).with(Resource.TOKENS_IN_FLIGHT, 2_000));
        long prompt = random.nextLong(100);
        long most = random.nextLong(200);
        return new Request(
                "t" + tenant,
                terms,
                random.nextInt(3),
                prompt,
                random.nextLong(prompt + 1),
                random.nextBoolean() ? OptionalLong.empty() : OptionalLong.of(random.nextLong(most + 1)),
                most,
                10,
                0);
    }
}
