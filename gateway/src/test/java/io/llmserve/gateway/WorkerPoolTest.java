package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.core.WorkerRole;
import io.llmserve.routing.LeastInFlight;
import io.llmserve.routing.PromptChunks;
import io.llmserve.routing.Router;
import io.llmserve.routing.SplitOptions;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class WorkerPoolTest {
    private static final HostPort ONE = new HostPort("one", 1);
    private static final HostPort TWO = new HostPort("two", 2);

    private final WorkerPool pool = new WorkerPool(
            GatewayOptions.defaults().health(),
            new Router(new LeastInFlight(), new LeastInFlight(), SplitOptions.ALWAYS),
            Clock.SYSTEM);

    @BeforeEach
    void twoWorkers() {
        pool.add(ONE, WorkerRole.BOTH);
        pool.add(TWO, WorkerRole.BOTH);
    }

    @Test
    void countsWhatEachWorkerHas() {
        up(ONE, "m");
        up(TWO, "m");
        Place first = place("m");
        assertThat(first.address()).isEqualTo(ONE);
        assertThat(place("m").address()).isEqualTo(TWO);
        first.release();
        first.release();
        assertThat(place("m").address()).isEqualTo(ONE);
        assertThat(pool.inFlight(ONE)).isEqualTo(1);
        assertThat(pool.inFlight(TWO)).isEqualTo(1);
    }

    @Test
    void asksTheRouterOnlyAboutWorkersThatCanServe() {
        up(ONE, "a");
        up(TWO, "a", "b");
        assertThat(place("b").address()).isEqualTo(TWO);
        assertThat(place("b").address()).isEqualTo(TWO);
        assertThat(pool.place(new Ask("a", PromptChunks.NONE, false, Optional.empty(), Set.of(ONE, TWO))))
                .isInstanceOf(Placement.None.class);
        pool.probeFailed(TWO, "x");
        pool.probeFailed(TWO, "x");
        pool.probeFailed(TWO, "dead");
        assertThat(pool.place(Ask.anything("b")))
                .isInstanceOfSatisfying(
                        Placement.None.class,
                        none -> assertThat(none.reason())
                                .hasMessage("0 of 1 workers with model b are available (two:2: dead)"));
    }

    @Test
    void remembersTheModelsOfAWorkerThatIsOut() {
        up(ONE, "m");
        pool.requestFailed(ONE, UpstreamFailure.CONNECT, "refused");
        assertThat(pool.isUp(ONE)).isFalse();
        pool.requireModel("m");
        assertThatThrownBy(() -> pool.requireModel("n")).isInstanceOf(ServeException.class);
    }

    @Test
    void beforeAnyModelIsKnownNoneIsUnknown() {
        pool.requireModel("m");
        assertThat(pool.place(Ask.anything("m"))).isInstanceOf(Placement.None.class);
    }

    @Test
    void aMessageDoesNotRepeatAnAbsurdModelName() {
        up(ONE, "m");
        assertThatThrownBy(() -> pool.requireModel("x".repeat(100_000)))
                .hasMessage("The model `" + "x".repeat(100) + "...` does not exist; there are: m");
    }

    @Test
    void aPlaceOutlivesItsWorker() {
        up(ONE, "m");
        Place place = place("m");
        pool.remove(ONE);
        assertThat(place.worker().isGone()).isTrue();
        pool.add(ONE, WorkerRole.BOTH);
        up(ONE, "m");
        place.release();
        assertThat(pool.inFlight(ONE)).as("of the new worker at that address").isZero();
    }

    @Test
    void knowsWhatAFleetCanDo() {
        assertThat(pool.parts()).isFalse();
        assertThat(pool.resumes()).isFalse();
        owned(ONE, "llmserve");
        assertThat(pool.goesOn()).as("nobody else to go on").isFalse();
        owned(TWO, "vllm");
        assertThat(pool.goesOn()).isTrue();
        assertThat(pool.resumes())
                .as("nobody else with the same random numbers")
                .isFalse();
        owned(TWO, "llmserve");
        assertThat(pool.resumes()).isTrue();
        pool.add(new HostPort("p", 1), WorkerRole.PREFILL);
        assertThat(pool.parts()).isTrue();
        pool.remove(new HostPort("p", 1));
        pool.remove(ONE);
        assertThat(pool.parts() || pool.goesOn()).isFalse();
    }

    private void up(HostPort worker, String... models) {
        Map<String, JsonObject> objects = new HashMap<>();
        for (String model : models) {
            objects.put(model, new JsonObject().put("id", model));
        }
        pool.hasModels(worker, objects);
        pool.probeSucceeded(worker);
    }

    private void owned(HostPort worker, String owner) {
        pool.hasModels(worker, Map.of("m", new JsonObject().put("id", "m").put("owned_by", owner)));
    }

    private Place place(String model) {
        Placement placement = pool.place(Ask.anything(model));
        assertThat(placement).isInstanceOf(Placement.Whole.class);
        return ((Placement.Whole) placement).worker();
    }
}
