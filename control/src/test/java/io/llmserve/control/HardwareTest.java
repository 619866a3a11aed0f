package io.llmserve.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.ServeException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HardwareTest {
    @Test
    void readsTheKernelsListOfCores() {
        assertThat(Hardware.parseCores("\t0-3,8,10-11\n")).containsExactly(0, 1, 2, 3, 8, 10, 11);
    }

    @Test
    void sharesCoresWithoutOverlapWhileThereAreEnough() {
        Hardware eight = cores(8);
        assertThat(eight.coresOf(0, 3, 100)).containsExactly(0, 1);
        assertThat(eight.coresOf(2, 3, 100)).containsExactly(4, 5);
        assertThat(eight.coresOf(1, 2, 3)).containsExactly(3, 4, 5);
        assertThat(IntStream.range(0, 3).mapToObj(part -> cores(2).coresOf(part, 3, 100)))
                .containsExactly(List.of(0), List.of(1), List.of(0));
    }

    @Test
    void givesEachWorkerItsGpusAndSaysHowManyAreMissing() {
        Hardware four = new Hardware(List.of(0), List.of("4", "5", "6", "7"), false);
        assertThat(four.gpusOf(1, 2, 2)).containsExactly("6", "7");
        assertThatThrownBy(() -> four.gpusOf(0, 3, 2))
                .isInstanceOf(ServeException.class)
                .hasMessageStartingWith("3 workers with 2 GPUs each need 6 GPUs, and this machine offers 4;");
    }

    @Test
    void seesOnlyTheGpusItMay() {
        assertThat(Hardware.ofThisMachine(Map.of("CUDA_VISIBLE_DEVICES", "2, GPU-a"))
                        .gpus())
                .containsExactly("2", "GPU-a");
        assertThat(Hardware.ofThisMachine(Map.of("CUDA_VISIBLE_DEVICES", "-1")).gpus())
                .isEmpty();
        assertThat(Hardware.ofThisMachine(Map.of()).cores()).isNotEmpty();
    }

    private static Hardware cores(int count) {
        return new Hardware(IntStream.range(0, count).boxed().toList(), List.of(), false);
    }
}
