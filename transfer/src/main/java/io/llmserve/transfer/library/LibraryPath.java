package io.llmserve.transfer.library;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Where native libraries are looked for: folders that the user names, the system's, and Python's
/// packages, which carry NIXL and NCCL.
public record LibraryPath(List<Path> folders) {
    /// Folders separated by `:`, of libraries or of Python packages; they come first.
    public static final String VARIABLE = "LLMSERVE_LIBRARY_PATH";

    private static final List<String> SYSTEM = List.of(
            "/usr/local/lib",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64",
            "/usr/lib",
            "/usr/local/cuda/lib64",
            "/opt/nvidia/nvda_nixl/lib/x86_64-linux-gnu");
    /// Inside a `site-packages`, newest CUDA first.
    private static final List<String> WHEELS = List.of(
            ".nixl_cu13.mesonpy.libs",
            ".nixl_cu12.mesonpy.libs",
            "libucx/lib",
            "nvidia/nccl/lib",
            "nvidia/cu13/lib",
            "nvidia/cuda_runtime/lib");

    public LibraryPath {
        folders = List.copyOf(folders);
    }

    /// The user's folders, then the system's and Python's.
    public static LibraryPath of(Optional<String> variable) {
        List<Path> folders = new ArrayList<>();
        variable.stream()
                .flatMap(value -> Stream.of(value.split(File.pathSeparator)))
                .filter(folder -> !folder.isBlank())
                .map(Path::of)
                .forEach(folder -> folders.addAll(inside(folder)));
        SYSTEM.stream().map(Path::of).forEach(folders::add);
        for (Path site : sitePackages()) {
            folders.addAll(inside(site));
        }
        return new LibraryPath(folders);
    }

    /// The folder itself, and those in it where Python's packages keep their libraries.
    public static List<Path> inside(Path folder) {
        return Stream.concat(Stream.of(folder), WHEELS.stream().map(folder::resolve))
                .toList();
    }

    /// The first file with one of these names; names come before folders.
    public Optional<Path> find(String... names) {
        return Stream.of(names)
                .flatMap(name -> folders.stream().map(folder -> folder.resolve(name)))
                .filter(Files::isReadable)
                .findFirst();
    }

    /// The virtual environment's, the user's and the system's `site-packages`, found by where they
    /// usually are: asking `python3` would start a process.
    private static List<Path> sitePackages() {
        List<Path> roots = new ArrayList<>();
        Optional.ofNullable(System.getenv("VIRTUAL_ENV")).map(Path::of).ifPresent(roots::add);
        roots.add(Path.of(System.getProperty("user.home", "/"), ".local"));
        roots.add(Path.of("/usr/local"));
        roots.add(Path.of("/usr"));
        List<Path> found = new ArrayList<>();
        for (Path root : roots) {
            try (DirectoryStream<Path> versions = Files.newDirectoryStream(root.resolve("lib"), "python3*")) {
                List<Path> newestFirst = new ArrayList<>();
                versions.forEach(newestFirst::add);
                newestFirst.sort(Collections.reverseOrder());
                for (Path version : newestFirst) {
                    found.add(version.resolve("site-packages"));
                    found.add(version.resolve("dist-packages"));
                }
            } catch (IOException e) {
                // Not a place with Python.
            }
        }
        return found;
    }
}
