package io.llmserve.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class ComputePoolTest {
    @Test
    void runsEachTaskOnce() {
        try (ComputePool pool = new ComputePool(3)) {
            for (int region = 0; region < 2_000; region++) {
                int tasks = region % 9;
                AtomicIntegerArray runs = new AtomicIntegerArray(9);
                pool.parallel(tasks, runs::incrementAndGet);
                for (int i = 0; i < 9; i++) {
                    assertThat(runs.get(i)).isEqualTo(i < tasks ? 1 : 0);
                }
            }
        }
    }

    @Test
    void showsTheCallerWhatTasksWrote() {
        try (ComputePool pool = new ComputePool(2)) {
            int[] written = new int[64];
            for (int region = 1; region < 500; region++) {
                int value = region;
                pool.parallel(64, task -> written[task] = value);
                assertThat(written).containsOnly(value);
            }
        }
    }

    @Test
    void throwsWhatATaskThrewAndGoesOn() {
        try (ComputePool pool = new ComputePool(2)) {
            AtomicInteger runs = new AtomicInteger();
            assertThatThrownBy(() -> pool.parallel(10, task -> {
                        runs.incrementAndGet();
                        if (task == 7) {
                            throw new IllegalStateException("task 7");
                        }
                    }))
                    .hasMessage("task 7");
            assertThat(runs).hasValue(10);
            pool.parallel(10, task -> runs.incrementAndGet());
            assertThat(runs).hasValue(20);
        }
    }

    @Test
    void wakesThreadsThatHaveParked() throws InterruptedException {
        try (ComputePool pool = new ComputePool(4)) {
            AtomicInteger runs = new AtomicInteger();
            for (int i = 0; i < 20; i++) {
                Thread.sleep(3);
                pool.parallel(50, task -> runs.incrementAndGet());
            }
            assertThat(runs).hasValue(1000);
        }
    }

    @Test
    void endsItsThreadsWhenClosed() {
        ComputePool pool = new ComputePool(4);
        long before = threads();
        pool.close();
        assertThat(before - threads()).isGreaterThanOrEqualTo(3);
        assertThatThrownBy(() -> pool.parallel(2, task -> {})).hasMessageContaining("closed");
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("compute-"))
                .count();
    }
}
