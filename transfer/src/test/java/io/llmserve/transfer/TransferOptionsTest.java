package io.llmserve.transfer;

import static io.llmserve.transfer.data.EngineKind.NIXL;
import static io.llmserve.transfer.data.EngineKind.SHM;
import static io.llmserve.transfer.data.EngineKind.TCP;
import static io.llmserve.transfer.data.EngineKind.UCX;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmserve.transfer.data.EngineKind;
import org.junit.jupiter.api.Test;

class TransferOptionsTest {
    @Test
    void everyOrderEndsInTcpAfterSharedMemoryIfNothingElseIsSaid() {
        assertThat(order(NIXL, UCX)).containsExactly(NIXL, UCX, SHM, TCP);
        assertThat(order(SHM, UCX)).containsExactly(SHM, UCX, TCP);
        assertThat(order()).containsExactly(SHM, TCP);
    }

    @Test
    void nothingComesAfterTcpAndNothingTwice() {
        assertThat(order(TCP, UCX)).containsExactly(TCP);
        assertThat(order(SHM, SHM, TCP, UCX)).containsExactly(SHM, TCP);
    }

    private static Iterable<EngineKind> order(EngineKind... order) {
        return TransferOptions.DEFAULT.withEngineOrder(order).engineOrder();
    }
}
