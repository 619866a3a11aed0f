package io.llmserve.transfer.library;

import io.llmserve.transfer.link.TransferException;
import io.llmserve.transfer.link.TransferFailure;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// A library that stays loaded for the life of the process: NIXL, UCX and NCCL have threads and hooks of
/// their own and can't be unloaded safely.
@SuppressWarnings("restricted")
public record NativeLibrary(Path path, SymbolLookup symbols) {
    /// Throws [TransferException] of kind `ENGINE` with the loader's reason.
    public static NativeLibrary load(Path path) {
        try {
            return new NativeLibrary(path, SymbolLookup.libraryLookup(path, Arena.global()));
        } catch (IllegalArgumentException e) {
            throw new TransferException(
                    TransferFailure.ENGINE, "%s can't be loaded: %s".formatted(path, e.getMessage()), e);
        }
    }

    public MethodHandle function(String name, FunctionDescriptor type) {
        MemorySegment address = symbols.find(name)
                .orElseThrow(() -> new TransferException(
                        TransferFailure.ENGINE, "%s has no function %s: another version?".formatted(path, name)));
        return Linker.nativeLinker().downcallHandle(address, type);
    }

    /// Before UCX is loaded, ours or NIXL's. It would watch `munmap` by patching code, which a JVM does
    /// not bear well and does not need: page memory stays mapped. It would also catch the signals that
    /// the JVM lives on.
    public static void presetUcxVariables() {
        presetVariable("UCX_MEM_EVENTS", "no");
        presetVariable("UCX_ERROR_SIGNALS", "");
        presetVariable("UCX_LOG_LEVEL", "fatal");
    }

    /// Sets a variable of the process's environment, for libraries that read it when they are loaded.
    /// Does not replace what the user has set.
    public static void presetVariable(String name, String value) {
        Linker linker = Linker.nativeLinker();
        MemorySegment setenv = linker.defaultLookup().findOrThrow("setenv");
        MethodHandle call = linker.downcallHandle(
                setenv,
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int) call.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
