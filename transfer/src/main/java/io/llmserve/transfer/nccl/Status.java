package io.llmserve.transfer.nccl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.llmserve.transfer.library.NativeLibrary;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// What the calls of CUDA and NCCL return, in the library's own words.
final class Status {
    static final int SUCCESS = 0;

    private final MethodHandle errorString;

    /// @param errorString the library's function from a status to its words
    Status(NativeLibrary library, String errorString) {
        this.errorString = library.function(errorString, FunctionDescriptor.of(ADDRESS, JAVA_INT));
    }

    void check(String what, int status) {
        if (status != SUCCESS) {
            throw new TransferException(TransferFailure.ENGINE, "%s: %s".formatted(what, words(status)));
        }
    }

    @SuppressWarnings("restricted") // the libraries' texts end in 0
    private String words(int status) {
        try {
            MemorySegment text = (MemorySegment) errorString.invokeExact(status);
            return text.reinterpret(1024).getString(0);
        } catch (Throwable e) {
            throw CudaRuntime.rethrow(e);
        }
    }
}
