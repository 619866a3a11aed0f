package io.llmserve.transfer.nccl;

import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.library.NativeLibrary;
import io.llmserve.transfer.link.TransferException;

/// What tests ask the real libraries.
public final class RealNccl {
    private RealNccl() {}

    public static int version(LibraryPath libraries) {
        return NcclLibrary.load(libraries).version();
    }

    public static byte[] newId(LibraryPath libraries) {
        return NcclLibrary.load(libraries).newId();
    }

    /// Empty where there is one.
    public static String whyNoGpu(LibraryPath libraries) {
        try {
            int _ = CudaRuntime.load(libraries).devices();
            return "";
        } catch (TransferException e) {
            return e.text();
        }
    }

    /// Two ranks on one GPU; before NCCL makes its first pair, in each process.
    public static void allowOneGpu() {
        NativeLibrary.presetVariable("NCCL_MULTI_RANK_GPU_ENABLE", "1");
    }
}
