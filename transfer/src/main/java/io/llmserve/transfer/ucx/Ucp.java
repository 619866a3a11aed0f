package io.llmserve.transfer.ucx;

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
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// The functions of `libucp` that we use, as Java methods; names, arguments and struct offsets as in
/// `ucp.h` of UCX 1.10 and later (x86-64 and AArch64). Handles are plain addresses. A status below zero
/// becomes a [TransferException] of kind `ENGINE`.
@SuppressWarnings("restricted")
final class Ucp {
    static final int OK = 0;
    static final int IN_PROGRESS = 1;

    private static final long FEATURE_RMA = 1 << 1;
    private static final long FEATURE_WAKEUP = 1 << 4;
    private static final int THREAD_MODE_SERIALIZED = 1;
    private static final int ERR_HANDLING_MODE_PEER = 1;
    private static final int CLOSE_MODE_FORCE = 0;
    /// Larger than any of the parameter structs, of which we set the first fields only.
    private static final long STRUCT_BYTES = 512;

    private final MethodHandle statusString;
    private final MethodHandle configRead;
    private final MethodHandle configRelease;
    private final MethodHandle initVersion;
    private final MethodHandle cleanup;
    private final MethodHandle workerCreate;
    private final MethodHandle workerDestroy;
    private final MethodHandle workerGetAddress;
    private final MethodHandle workerReleaseAddress;
    private final MethodHandle workerProgress;
    private final MethodHandle workerWait;
    private final MethodHandle workerSignal;
    private final MethodHandle memMap;
    private final MethodHandle memUnmap;
    private final MethodHandle rkeyPack;
    private final MethodHandle rkeyBufferRelease;
    private final MethodHandle epCreate;
    private final MethodHandle epCloseNb;
    private final MethodHandle epRkeyUnpack;
    private final MethodHandle rkeyDestroy;
    private final MethodHandle getNbx;
    private final MethodHandle requestCheckStatus;
    private final MethodHandle requestFree;
    private final String version;

    private Ucp(NativeLibrary ucp) {
        FunctionDescriptor call3 = FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
        FunctionDescriptor drop1 = FunctionDescriptor.ofVoid(JAVA_LONG);
        FunctionDescriptor call1 = FunctionDescriptor.of(JAVA_INT, JAVA_LONG);
        // In libucs, which libucp brings along.
        statusString = ucp.function("ucs_status_string", FunctionDescriptor.of(ADDRESS, JAVA_INT));
        configRead = ucp.function("ucp_config_read", call3);
        configRelease = ucp.function("ucp_config_release", drop1);
        initVersion = ucp.function(
                "ucp_init_version", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS));
        cleanup = ucp.function("ucp_cleanup", drop1);
        workerCreate = ucp.function("ucp_worker_create", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        workerDestroy = ucp.function("ucp_worker_destroy", drop1);
        workerGetAddress =
                ucp.function("ucp_worker_get_address", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        workerReleaseAddress =
                ucp.function("ucp_worker_release_address", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG));
        workerProgress = ucp.function("ucp_worker_progress", call1);
        workerWait = ucp.function("ucp_worker_wait", call1);
        workerSignal = ucp.function("ucp_worker_signal", call1);
        memMap = ucp.function("ucp_mem_map", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        memUnmap = ucp.function("ucp_mem_unmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
        rkeyPack =
                ucp.function("ucp_rkey_pack", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS));
        rkeyBufferRelease = ucp.function("ucp_rkey_buffer_release", drop1);
        epCreate = ucp.function("ucp_ep_create", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        epCloseNb = ucp.function("ucp_ep_close_nb", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT));
        epRkeyUnpack = ucp.function("ucp_ep_rkey_unpack", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        rkeyDestroy = ucp.function("ucp_rkey_destroy", drop1);
        getNbx = ucp.function(
                "ucp_get_nbx",
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS));
        requestCheckStatus = ucp.function("ucp_request_check_status", call1);
        requestFree = ucp.function("ucp_request_free", drop1);
        version = readVersion(ucp);
    }

    static Ucp load(LibraryPath libraries) {
        Path path = libraries
                .find("libucp.so.0", "libucp.so")
                .orElseThrow(() -> new TransferException(
                        TransferFailure.ENGINE,
                        "no libucp.so.0 found (Debian: libucx0, PyPI: libucx-cu12); see " + LibraryPath.VARIABLE));
        NativeLibrary.presetUcxVariables();
        return new Ucp(NativeLibrary.load(path));
    }

    String version() {
        return version;
    }

    long init() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            check("ucp_config_read", (int) configRead.invokeExact(MemorySegment.NULL, MemorySegment.NULL, out));
            long config = out.get(JAVA_LONG, 0);
            try {
                MemorySegment params = arena.allocate(STRUCT_BYTES, 8);
                params.set(JAVA_LONG, 0, 1L); // field_mask: features
                params.set(JAVA_LONG, 8, FEATURE_RMA | FEATURE_WAKEUP);
                check("ucp_init", (int) initVersion.invokeExact(1, 10, params, config, out));
                return out.get(JAVA_LONG, 0);
            } finally {
                configRelease.invokeExact(config);
            }
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void cleanup(long context) {
        try {
            cleanup.invokeExact(context);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// For use by one thread at a time.
    long createWorker(long context) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(STRUCT_BYTES, 8);
            params.set(JAVA_LONG, 0, 1L); // field_mask: thread_mode
            params.set(JAVA_INT, 8, THREAD_MODE_SERIALIZED);
            MemorySegment out = arena.allocate(ADDRESS);
            check("ucp_worker_create", (int) workerCreate.invokeExact(context, params, out));
            return out.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void destroyWorker(long worker) {
        try {
            workerDestroy.invokeExact(worker);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    byte[] workerAddress(long worker) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(JAVA_LONG);
            MemorySegment length = arena.allocate(JAVA_LONG);
            check("ucp_worker_get_address", (int) workerGetAddress.invokeExact(worker, address, length));
            byte[] bytes = copy(address.get(JAVA_LONG, 0), length.get(JAVA_LONG, 0));
            workerReleaseAddress.invokeExact(worker, address.get(JAVA_LONG, 0));
            return bytes;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// Whether anything went on.
    boolean progress(long worker) {
        try {
            return (int) workerProgress.invokeExact(worker) != 0;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// Sleeps until something happens or [#signal] is called.
    void await(long worker) {
        try {
            check("ucp_worker_wait", (int) workerWait.invokeExact(worker));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// By any thread.
    void signal(long worker) {
        try {
            check("ucp_worker_signal", (int) workerSignal.invokeExact(worker));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    long mapMemory(long context, MemorySegment memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(STRUCT_BYTES, 8);
            params.set(JAVA_LONG, 0, 3L); // field_mask: address, length
            params.set(JAVA_LONG, 8, memory.address());
            params.set(JAVA_LONG, 16, memory.byteSize());
            MemorySegment out = arena.allocate(ADDRESS);
            check("ucp_mem_map", (int) memMap.invokeExact(context, params, out));
            return out.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void unmapMemory(long context, long memory) {
        try {
            check("ucp_mem_unmap", (int) memUnmap.invokeExact(context, memory));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    byte[] remoteKey(long context, long memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(JAVA_LONG);
            MemorySegment length = arena.allocate(JAVA_LONG);
            check("ucp_rkey_pack", (int) rkeyPack.invokeExact(context, memory, buffer, length));
            byte[] bytes = copy(buffer.get(JAVA_LONG, 0), length.get(JAVA_LONG, 0));
            rkeyBufferRelease.invokeExact(buffer.get(JAVA_LONG, 0));
            return bytes;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// An endpoint whose requests fail when the peer does.
    long connect(long worker, byte[] workerAddress) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(STRUCT_BYTES, 8);
            params.set(JAVA_LONG, 0, 3L); // field_mask: remote address, error handling mode
            params.set(
                    JAVA_LONG,
                    8,
                    arena.allocateFrom(ValueLayout.JAVA_BYTE, workerAddress).address());
            params.set(JAVA_INT, 16, ERR_HANDLING_MODE_PEER);
            MemorySegment out = arena.allocate(ADDRESS);
            check("ucp_ep_create", (int) epCreate.invokeExact(worker, params, out));
            return out.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// Fails all its requests; 0, or a request that ends when the endpoint has.
    long closeEndpoint(long endpoint) {
        try {
            return (long) epCloseNb.invokeExact(endpoint, CLOSE_MODE_FORCE);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    long unpackKey(long endpoint, byte[] key) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            MemorySegment packed = arena.allocateFrom(ValueLayout.JAVA_BYTE, key);
            check("ucp_ep_rkey_unpack", (int) epRkeyUnpack.invokeExact(endpoint, packed, out));
            return out.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void destroyKey(long key) {
        try {
            rkeyDestroy.invokeExact(key);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /// 0 when the bytes are there already; otherwise a request to be checked and freed.
    ///
    /// @param parameters zeros, `STRUCT_BYTES` long
    long get(long endpoint, long into, long bytes, long from, long key, MemorySegment parameters) {
        try {
            long request = (long) getNbx.invokeExact(endpoint, into, bytes, from, key, parameters);
            if (request < 0 && request >= -128) { // UCS_PTR_IS_ERR
                throw failed("ucp_get", (int) request);
            }
            return request;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    MemorySegment noParameters(Arena arena) {
        return arena.allocate(STRUCT_BYTES, 8);
    }

    /// [#OK], [#IN_PROGRESS] or an error.
    int status(long request) {
        try {
            return (int) requestCheckStatus.invokeExact(request);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    void free(long request) {
        try {
            requestFree.invokeExact(request);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private void check(String function, int status) {
        if (status != OK) {
            throw failed(function, status);
        }
    }

    TransferException failed(String function, int status) {
        String text;
        try {
            MemorySegment name = (MemorySegment) statusString.invokeExact(status);
            text = name.reinterpret(256).getString(0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
        return new TransferException(TransferFailure.ENGINE, "%s: %s".formatted(function, text));
    }

    private static byte[] copy(long address, long length) {
        return MemorySegment.ofAddress(address).reinterpret(length).toArray(ValueLayout.JAVA_BYTE);
    }

    private static String readVersion(NativeLibrary ucp) {
        MethodHandle string = ucp.function("ucp_get_version_string", FunctionDescriptor.of(ADDRESS));
        try {
            MemorySegment name = (MemorySegment) string.invokeExact();
            return name.reinterpret(256).getString(0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static RuntimeException rethrow(Throwable e) {
        return switch (e) {
            case RuntimeException known -> known;
            case Error error -> throw error;
            default -> new IllegalStateException(e);
        };
    }
}
