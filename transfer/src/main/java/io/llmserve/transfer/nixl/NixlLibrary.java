package io.llmserve.transfer.nixl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.llmserve.transfer.library.LibraryPath;
import io.llmserve.transfer.library.NativeLibrary;
import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The functions of `libnixl_capi` that we use; names and arguments as in `wrapper.h` of the crate
/// nixl-sys 1.5. Handles are plain addresses. A status below zero becomes a [TransferException] of kind
/// `ENGINE`.
@SuppressWarnings("restricted")
final class NixlLibrary {
    static final int SUCCESS = 0;
    static final int IN_PROGRESS = 1;

    private static final int MEM_DRAM = 0;
    private static final int OP_READ = 0;
    private static final int THREAD_SYNC_STRICT = 1;
    /// How long an idle agent's thread sleeps between looks; without it the thread spins and takes a core.
    private static final long IDLE_MICROS = 1_000;
    private static final AddressLayout OUT = ADDRESS;

    /// `nixl_capi_agent_config_s`.
    private static final MemoryLayout AGENT_CONFIG = MemoryLayout.structLayout(
            JAVA_BOOLEAN.withName("enable_prog_thread"),
            JAVA_BOOLEAN.withName("enable_listen_thread"),
            MemoryLayout.paddingLayout(2),
            JAVA_INT.withName("listen_port"),
            JAVA_INT.withName("thread_sync"),
            JAVA_INT.withName("num_workers"),
            JAVA_LONG.withName("pthr_delay_us"),
            JAVA_LONG.withName("lthr_delay_us"),
            JAVA_BOOLEAN.withName("capture_telemetry"),
            MemoryLayout.paddingLayout(7));

    private static final Map<Integer, String> STATUS = Map.of(
            -1, "invalid parameter",
            -2, "backend error",
            -3, "invalid state",
            -4, "exception",
            -6, "not found");

    private final NativeLibrary library;
    private final Map<String, MethodHandle> functions = new HashMap<>();
    private final MethodHandle free;

    private NixlLibrary(NativeLibrary library) {
        this.library = library;
        bind("create_configured_agent", ADDRESS, ADDRESS, OUT);
        bind("destroy_agent", JAVA_LONG);
        bind("get_plugin_params", JAVA_LONG, ADDRESS, OUT, OUT);
        bind("destroy_mem_list", JAVA_LONG);
        bind("destroy_params", JAVA_LONG);
        bind("create_backend", JAVA_LONG, ADDRESS, JAVA_LONG, OUT);
        bind("destroy_backend", JAVA_LONG);
        bind("create_opt_args", OUT);
        bind("opt_args_add_backend", JAVA_LONG, JAVA_LONG);
        bind("destroy_opt_args", JAVA_LONG);
        bind("create_reg_dlist", JAVA_INT, OUT);
        bind("reg_dlist_add_desc", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
        bind("destroy_reg_dlist", JAVA_LONG);
        bind("register_mem", JAVA_LONG, JAVA_LONG, JAVA_LONG);
        bind("deregister_mem", JAVA_LONG, JAVA_LONG, JAVA_LONG);
        bind("get_local_md", JAVA_LONG, OUT, OUT);
        bind("load_remote_md", JAVA_LONG, ADDRESS, JAVA_LONG, OUT);
        bind("invalidate_remote_md", JAVA_LONG, ADDRESS);
        bind("create_xfer_dlist", JAVA_INT, OUT);
        bind("xfer_dlist_add_desc", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        bind("destroy_xfer_dlist", JAVA_LONG);
        bind("create_xfer_req", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, OUT, JAVA_LONG);
        bind("post_xfer_req", JAVA_LONG, JAVA_LONG, JAVA_LONG);
        bind("get_xfer_status", JAVA_LONG, JAVA_LONG);
        bind("release_xfer_req", JAVA_LONG, JAVA_LONG);
        bind("destroy_xfer_req", JAVA_LONG);
        Linker linker = Linker.nativeLinker();
        free = linker.downcallHandle(linker.defaultLookup().findOrThrow("free"), FunctionDescriptor.ofVoid(JAVA_LONG));
    }

    static NixlLibrary load(LibraryPath libraries) {
        Path path = libraries
                .find("libnixl_capi.so")
                .orElseThrow(() -> new TransferException(
                        TransferFailure.ENGINE,
                        "no libnixl_capi.so found (PyPI: nixl-cu12, nixl-cu13); see " + LibraryPath.VARIABLE));
        NativeLibrary.presetUcxVariables();
        NativeLibrary.presetVariable(
                "NIXL_PLUGIN_DIR", path.resolveSibling("plugins").toString());
        return new NixlLibrary(NativeLibrary.load(path));
    }

    private void bind(String name, MemoryLayout... arguments) {
        String function = "nixl_capi_" + name;
        functions.put(name, library.function(function, FunctionDescriptor.of(JAVA_INT, arguments)));
    }

    /// Calls a function that has to succeed.
    private void call(String name, Object... arguments) {
        int status = status(name, arguments);
        if (status < 0) {
            throw failed(name, status);
        }
    }

    private int status(String name, Object... arguments) {
        MethodHandle function = functions.get(name);
        if (function == null) {
            throw new IllegalStateException("nixl_capi_%s is not bound".formatted(name));
        }
        try {
            return (int) function.invokeWithArguments(List.of(arguments));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    static TransferException failed(String what, int status) {
        return new TransferException(
                TransferFailure.ENGINE, "NIXL %s: %s".formatted(what, STATUS.getOrDefault(status, "error " + status)));
    }

    /// A function whose last argument is where it puts a handle.
    private long create(Arena arena, String name, Object... arguments) {
        MemorySegment out = arena.allocate(ADDRESS);
        Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = out;
        call(name, all);
        return out.get(JAVA_LONG, 0);
    }

    long createAgent(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(AGENT_CONFIG);
            config.set(JAVA_BOOLEAN, 0, true);
            config.set(JAVA_INT, 8, THREAD_SYNC_STRICT);
            config.set(JAVA_LONG, 16, IDLE_MICROS);
            return create(arena, "create_configured_agent", arena.allocateFrom(name), config);
        }
    }

    void destroyAgent(long agent) {
        call("destroy_agent", agent);
    }

    long createBackend(long agent, String plugin) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memories = arena.allocate(ADDRESS);
            MemorySegment parameters = arena.allocate(ADDRESS);
            MemorySegment name = arena.allocateFrom(plugin);
            call("get_plugin_params", agent, name, memories, parameters);
            try {
                MemorySegment out = arena.allocate(ADDRESS);
                call("create_backend", agent, name, parameters.get(JAVA_LONG, 0), out);
                return out.get(JAVA_LONG, 0);
            } finally {
                call("destroy_mem_list", memories.get(JAVA_LONG, 0));
                call("destroy_params", parameters.get(JAVA_LONG, 0));
            }
        }
    }

    void destroyBackend(long backend) {
        call("destroy_backend", backend);
    }

    /// Options that name the backend; for all calls that take options.
    long createOptions(long backend) {
        try (Arena arena = Arena.ofConfined()) {
            long options = create(arena, "create_opt_args");
            call("opt_args_add_backend", options, backend);
            return options;
        }
    }

    void destroyOptions(long options) {
        call("destroy_opt_args", options);
    }

    /// The registration, for [#deregister].
    long register(long agent, MemorySegment memory, long options) {
        try (Arena arena = Arena.ofConfined()) {
            long list = create(arena, "create_reg_dlist", MEM_DRAM);
            call("reg_dlist_add_desc", list, memory.address(), memory.byteSize(), 0L, MemorySegment.NULL, 0L);
            call("register_mem", agent, list, options);
            return list;
        }
    }

    void deregister(long agent, long registration, long options) {
        call("deregister_mem", agent, registration, options);
        call("destroy_reg_dlist", registration);
    }

    byte[] localMetadata(long agent) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(ADDRESS);
            MemorySegment length = arena.allocate(JAVA_LONG);
            call("get_local_md", agent, data, length);
            long address = data.get(JAVA_LONG, 0);
            byte[] bytes = MemorySegment.ofAddress(address)
                    .reinterpret(length.get(JAVA_LONG, 0))
                    .toArray(JAVA_BYTE);
            free(address);
            return bytes;
        }
    }

    /// The peer's agent name.
    String loadPeer(long agent, byte[] metadata) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, metadata);
            long name = create(arena, "load_remote_md", agent, bytes, (long) metadata.length);
            String text = MemorySegment.ofAddress(name).reinterpret(4096).getString(0);
            free(name);
            return text;
        }
    }

    void forgetPeer(long agent, String peer) {
        try (Arena arena = Arena.ofConfined()) {
            status("invalidate_remote_md", agent, arena.allocateFrom(peer));
        }
    }

    /// A list of areas, each `bytes` long.
    long createList(long[] addresses, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            long list = create(arena, "create_xfer_dlist", MEM_DRAM);
            for (long address : addresses) {
                call("xfer_dlist_add_desc", list, address, bytes, 0L);
            }
            return list;
        }
    }

    void destroyList(long list) {
        call("destroy_xfer_dlist", list);
    }

    /// A request that reads the areas of `theirs` into those of `ours`.
    long createRead(long agent, long ours, long theirs, String peer, long options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            call("create_xfer_req", agent, OP_READ, ours, theirs, arena.allocateFrom(peer), out, options);
            return out.get(JAVA_LONG, 0);
        }
    }

    void post(long agent, long request) {
        call("post_xfer_req", agent, request, 0L);
    }

    /// [#SUCCESS], [#IN_PROGRESS] or an error.
    int progress(long agent, long request) {
        return status("get_xfer_status", agent, request);
    }

    /// Ends the request, finished or not; false while NIXL can't end it yet.
    boolean release(long agent, long request) {
        if (status("release_xfer_req", agent, request) != SUCCESS) {
            return false;
        }
        call("destroy_xfer_req", request);
        return true;
    }

    private void free(long address) {
        try {
            free.invokeExact(address);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
