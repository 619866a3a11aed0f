package io.llmserve.transfer.nccl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.library.NativeLibrary;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// The functions of `libcudart` that we use; names and arguments as in `cuda_runtime_api.h` of CUDA 11 and
/// later. Handles and device memory are plain addresses. An error becomes a [TransferException] of kind
/// `ENGINE` with CUDA's words.
@SuppressWarnings("restricted")
final class CudaRuntime {
    private static final int NOT_READY = 600;
    private static final int HOST_TO_DEVICE = 1;
    private static final int DEVICE_TO_HOST = 2;
    private static final int STREAM_NON_BLOCKING = 1;

    private final Status statuses;
    private final MethodHandle getDeviceCount;
    private final MethodHandle setDevice;
    private final MethodHandle malloc;
    private final MethodHandle free;
    private final MethodHandle streamCreate;
    private final MethodHandle streamDestroy;
    private final MethodHandle streamQuery;
    private final MethodHandle memcpyAsync;

    private CudaRuntime(NativeLibrary cuda) {
        statuses = new Status(cuda, "cudaGetErrorString");
        getDeviceCount = cuda.function("cudaGetDeviceCount", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        setDevice = cuda.function("cudaSetDevice", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        malloc = cuda.function("cudaMalloc", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
        free = cuda.function("cudaFree", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        streamCreate = cuda.function("cudaStreamCreateWithFlags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        streamDestroy = cuda.function("cudaStreamDestroy", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        streamQuery = cuda.function("cudaStreamQuery", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        memcpyAsync = cuda.function(
                "cudaMemcpyAsync",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG));
    }

    static CudaRuntime load(LibraryPath libraries) {
        Path path = libraries
                .find("libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0", "libcudart.so")
                .orElseThrow(() -> new TransferException(
                        TransferFailure.ENGINE,
                        "no libcudart.so found (PyPI: nvidia-cuda-runtime, nvidia-cuda-runtime-cu12); see "
                                + LibraryPath.VARIABLE));
        return new CudaRuntime(NativeLibrary.load(path));
    }

    /// At least one; otherwise the reason why there is none is thrown.
    int devices() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            statuses.check("no GPU", (int) getDeviceCount.invokeExact(count));
            if (count.get(JAVA_INT, 0) < 1) {
                throw new TransferException(TransferFailure.ENGINE, "no GPU: CUDA sees none");
            }
            return count.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// For the calling thread; before any of the others.
    void use(int device) {
        try {
            statuses.check("cudaSetDevice", (int) setDevice.invokeExact(device));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    long allocate(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            statuses.check("cudaMalloc of %d bytes".formatted(bytes), (int) malloc.invokeExact(out, bytes));
            return out.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void free(long memory) {
        try {
            statuses.check("cudaFree", (int) free.invokeExact(memory));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    long createStream() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            statuses.check("cudaStreamCreate", (int) streamCreate.invokeExact(out, STREAM_NON_BLOCKING));
            return out.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void destroyStream(long stream) {
        try {
            statuses.check("cudaStreamDestroy", (int) streamDestroy.invokeExact(stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// Whether all that was put into the stream is done.
    boolean isDone(long stream) {
        try {
            int status = (int) streamQuery.invokeExact(stream);
            if (status == NOT_READY) {
                return false;
            }
            statuses.check("GPU", status);
            return true;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void toDevice(long device, MemorySegment host, long stream) {
        copy(device, host.address(), host.byteSize(), HOST_TO_DEVICE, stream);
    }

    void toHost(MemorySegment host, long device, long stream) {
        copy(host.address(), device, host.byteSize(), DEVICE_TO_HOST, stream);
    }

    private void copy(long to, long from, long bytes, int kind, long stream) {
        try {
            statuses.check("cudaMemcpyAsync", (int) memcpyAsync.invokeExact(to, from, bytes, kind, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static RuntimeException rethrow(Throwable e) {
        return switch (e) {
            case RuntimeException known -> known;
            case Error error -> throw error;
            default -> new IllegalStateException(e);
        };
    }
}
