package io.llmserve.transfer.nccl;

import static io.llmserve.transfer.nccl.CudaRuntime.rethrow;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.library.NativeLibrary;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// The functions of `libnccl` that we use; names, arguments and structs as in `nccl.h` of NCCL 2.14 and later.
/// Communicators do not block: a call may return while it goes on, and [#inProgress] tells when it is done.
/// An error becomes a [TransferException] of kind `ENGINE` with NCCL's words.
@SuppressWarnings("restricted")
final class NcclLibrary {
    private static final int IN_PROGRESS = 7;
    private static final int UINT8 = 1;
    private static final int RANKS = 2;
    /// `ncclUniqueId`, passed by value.
    private static final MemoryLayout UNIQUE_ID =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(Gpu.ID_BYTES, JAVA_BYTE));
    /// `ncclConfig_t` of 2.14, which later versions understand: `size u64, magic u32, version u32, blocking
    /// i32`, and four bytes of padding.
    private static final int CONFIG_BYTES = 24;

    private static final int CONFIG_MAGIC = 0xcafebeef;
    private static final int CONFIG_VERSION = 21400;

    private final Status statuses;
    private final MethodHandle getUniqueId;
    private final MethodHandle commInit;
    private final MethodHandle commGetAsyncError;
    private final MethodHandle commAbort;
    private final MethodHandle send;
    private final MethodHandle receive;
    private final int version;

    private NcclLibrary(NativeLibrary nccl) {
        FunctionDescriptor transfer =
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
        statuses = new Status(nccl, "ncclGetErrorString");
        getUniqueId = nccl.function("ncclGetUniqueId", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        commInit = nccl.function(
                "ncclCommInitRankConfig",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, UNIQUE_ID, JAVA_INT, ADDRESS));
        commGetAsyncError = nccl.function("ncclCommGetAsyncError", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS));
        commAbort = nccl.function("ncclCommAbort", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        send = nccl.function("ncclSend", transfer);
        receive = nccl.function("ncclRecv", transfer);
        version = readVersion(nccl);
    }

    static NcclLibrary load(LibraryPath libraries) {
        Path path = libraries
                .find("libnccl.so.2", "libnccl.so")
                .orElseThrow(() -> new TransferException(
                        TransferFailure.ENGINE,
                        "no libnccl.so.2 found (PyPI: nvidia-nccl-cu12, nvidia-nccl-cu13); see "
                                + LibraryPath.VARIABLE));
        return new NcclLibrary(NativeLibrary.load(path));
    }

    /// E.g. 22703 for 2.27.3.
    int version() {
        return version;
    }

    byte[] newId() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment id = arena.allocate(UNIQUE_ID);
            statuses.check("ncclGetUniqueId", (int) getUniqueId.invokeExact(id));
            return id.toArray(JAVA_BYTE);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// A communicator that has begun to join; on the device that the calling thread uses.
    long begin(byte[] id, int rank) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(CONFIG_BYTES, 8);
            config.set(JAVA_LONG, 0, CONFIG_BYTES);
            config.set(JAVA_INT, 8, CONFIG_MAGIC);
            config.set(JAVA_INT, 12, CONFIG_VERSION);
            config.set(JAVA_INT, 16, 0); // does not block
            MemorySegment out = arena.allocate(JAVA_LONG);
            MemorySegment commId = arena.allocateFrom(JAVA_BYTE, id);
            begun("ncclCommInitRank", (int) commInit.invokeExact(out, RANKS, commId, rank, config));
            return out.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// Whether the last call still goes on. Throws what became of it, or of the other rank.
    boolean inProgress(long communicator) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            statuses.check("ncclCommGetAsyncError", (int) commGetAsyncError.invokeExact(communicator, out));
            int state = out.get(JAVA_INT, 0);
            begun("NCCL", state);
            return state == IN_PROGRESS;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// Ends what runs and frees the communicator; needs nothing of the other rank.
    void abort(long communicator) {
        try {
            statuses.check("ncclCommAbort", (int) commAbort.invokeExact(communicator));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void send(long device, long bytes, int rank, long communicator, long stream) {
        try {
            begun("ncclSend", (int) send.invokeExact(device, bytes, UINT8, rank, communicator, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void receive(long device, long bytes, int rank, long communicator, long stream) {
        try {
            begun("ncclRecv", (int) receive.invokeExact(device, bytes, UINT8, rank, communicator, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private void begun(String what, int status) {
        if (status != IN_PROGRESS) {
            statuses.check(what, status);
        }
    }

    private static int readVersion(NativeLibrary nccl) {
        MethodHandle getVersion = nccl.function("ncclGetVersion", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            int status = (int) getVersion.invokeExact(out);
            if (status != Status.SUCCESS) {
                throw new TransferException(TransferFailure.ENGINE, "ncclGetVersion: error " + status);
            }
            return out.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
