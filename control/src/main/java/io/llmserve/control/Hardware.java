package io.llmserve.control;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What workers may compute on.
///
/// @param cores the numbers of the CPUs that this process may use
/// @param gpus NVIDIA's, as CUDA_VISIBLE_DEVICES names them
/// @param otherGpus whether there are GPUs of another maker
public record Hardware(List<Integer> cores, List<String> gpus, boolean otherGpus) {
    private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

    public Hardware {
        cores = List.copyOf(cores);
        gpus = List.copyOf(gpus);
    }

    public static Hardware ofThisMachine(Map<String, String> environment) {
        return new Hardware(allowedCores(), visibleGpus(environment), Files.exists(Path.of("/dev/kfd")));
    }

    boolean hasGpus() {
        return !gpus.isEmpty() || otherGpus;
    }

    /// The cores of one of `parts` equal parts; parts share cores where there are more of them than cores.
    ///
    /// @param most at most so many
    List<Integer> coresOf(int part, int parts, int most) {
        int each = Math.max(1, Math.min(most, cores.size() / parts));
        return IntStream.range(part * each, (part + 1) * each)
                .mapToObj(index -> cores.get(index % cores.size()))
                .toList();
    }

    /// The GPUs of one worker of `workers`. CONFIGURATION where there are too few.
    List<String> gpusOf(int worker, int workers, int each) {
        if (gpus.size() < workers * each) {
            throw new ServeException(
                    Failure.CONFIGURATION,
                    "%d workers with %d GPUs each need %d GPUs, and this machine offers %d; lower spec.deployment.replicas,"
                                    .formatted(workers, each, workers * each, gpus.size())
                            + " or set %s in spec.vllm.env to the GPUs that all workers shall share"
                                    .formatted(VISIBLE));
        }
        return gpus.subList(worker * each, (worker + 1) * each);
    }

    /// From a list such as `0-3,8`.
    static List<Integer> parseCores(String list) {
        List<Integer> cores = new ArrayList<>();
        for (String range : list.strip().split(",", -1)) {
            String[] ends = range.split("-", -1);
            IntStream.rangeClosed(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]))
                    .forEach(cores::add);
        }
        return cores;
    }

    private static List<Integer> allowedCores() {
        String name = "Cpus_allowed_list:";
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith(name))
                    .findFirst()
                    .map(line -> parseCores(line.substring(name.length())))
                    .orElseGet(Hardware::countedCores);
        } catch (IOException _) {
            return countedCores();
        }
    }

    private static List<Integer> countedCores() {
        return IntStream.range(0, Runtime.getRuntime().availableProcessors())
                .boxed()
                .toList();
    }

    private static List<String> visibleGpus(Map<String, String> environment) {
        String visible = environment.get(VISIBLE);
        if (visible != null) {
            return Stream.of(visible.split(",", -1))
                    .map(String::strip)
                    .filter(name -> !name.isEmpty() && !name.equals("-1"))
                    .toList();
        }
        try (DirectoryStream<Path> devices = Files.newDirectoryStream(Path.of("/dev"), "nvidia[0-9]*")) {
            int count = 0;
            for (Path _ : devices) {
                count++;
            }
            return IntStream.range(0, count).mapToObj(Integer::toString).toList();
        } catch (IOException _) {
            return List.of();
        }
    }
}
