package io.llmserve.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.Clock;
import io.llmserve.core.ServeException;
import io.llmserve.wire.RequestPeek;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class WorkerPoolTest {
    private static final WorkerEndpoint ONE = new WorkerEndpoint("one", 1);
    private static final WorkerEndpoint TWO = WorkerEndpoint.of(URI.create("http://two:2"));

    private final WorkerPool pool =
            new WorkerPool(List.of(ONE, TWO), GatewayOptions.defaults().health(), new LeastInFlight(), Clock.SYSTEM);

    @Test
    void countsWhatEachWorkerHas() {
        up(ONE, "m");
        up(TWO, "m");
        assertThat(pick("m")).isEqualTo(ONE);
        assertThat(pick("m")).isEqualTo(TWO);
        pool.release(ONE);
        assertThat(pick("m")).isEqualTo(ONE);
        assertThat(pool.inFlight(ONE)).isEqualTo(1);
        assertThat(pool.inFlight(TWO)).isEqualTo(1);
    }

    @Test
    void asksThePickerOnlyAboutWorkersThatCanServe() {
        up(ONE, "a");
        up(TWO, "a", "b");
        assertThat(pick("b")).isEqualTo(TWO);
        assertThat(pick("b")).isEqualTo(TWO);
        assertThat(pool.pick(peek("a"), Set.of(ONE, TWO))).isInstanceOf(Decision.Reject.class);
        pool.probeFailed(TWO, "x");
        pool.probeFailed(TWO, "x");
        pool.probeFailed(TWO, "dead");
        Decision decision = pool.pick(peek("b"), Set.of());
        assertThat(decision)
                .isInstanceOfSatisfying(
                        Decision.Reject.class,
                        reject -> assertThat(reject.reason())
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
        assertThat(pool.pick(peek("m"), Set.of())).isInstanceOf(Decision.Reject.class);
    }

    @Test
    void aMessageDoesNotRepeatAnAbsurdModelName() {
        up(ONE, "m");
        assertThatThrownBy(() -> pool.requireModel("x".repeat(100_000)))
                .hasMessage("The model `" + "x".repeat(100) + "...` does not exist; there are: m");
    }

    @Test
    void knowsTheWorkersAddressForm() {
        assertThat(TWO).hasToString("two:2");
        assertThat(WorkerEndpoint.of(URI.create("http://three")).port()).isEqualTo(80);
        assertThatThrownBy(() -> WorkerEndpoint.of(URI.create("https://four:1")))
                .hasMessageContaining("http://");
    }

    private void up(WorkerEndpoint worker, String... models) {
        Map<String, JsonObject> objects = new java.util.HashMap<>();
        for (String model : models) {
            objects.put(model, new JsonObject().put("id", model));
        }
        pool.hasModels(worker, objects);
        pool.probeSucceeded(worker);
    }

    private WorkerEndpoint pick(String model) {
        Decision decision = pool.pick(peek(model), Set.of());
        assertThat(decision).isInstanceOf(Decision.Serve.class);
        return ((Decision.Serve) decision).worker();
    }

    private static RequestPeek peek(String model) {
        return new RequestPeek(Optional.of(model), false, false, OptionalInt.empty(), 1);
    }
}
