package io.llmserve.models.fetch;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelUri;
import io.llmserve.models.PullListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Models of the Hugging Face hub. A pull that was broken off goes on with the files that are missing.
final class HubSource {
    private final Hub hub;
    private final Downloader downloader;
    private final Disk disk;
    private final PullListener listener;

    HubSource(Hub hub, Downloader downloader, Disk disk, PullListener listener) {
        this.hub = hub;
        this.downloader = downloader;
        this.disk = disk;
        this.listener = listener;
    }

    FetchedModel fetch(ModelUri.HubRepository uri, Path folder) {
        listener.progress(PullListener.Phase.RESOLVING, hub.shown(), 0, -1);
        Hub.Listing listing = hub.list(uri);
        HubFiles chosen = HubFiles.choose(uri, listing.files());
        List<FetchedModel.FetchedFile> fetched = new ArrayList<>();
        try {
            requireRoom(uri, folder, chosen.files());
            for (Hub.RemoteFile file : chosen.files()) {
                fetched.add(new FetchedModel.FetchedFile(file.path(), fetch(uri, listing.commit(), file, folder)));
            }
        } catch (IOException e) {
            throw new ServeException(
                    Failure.CONFIGURATION, "%s cannot be written: %s".formatted(folder, e.getMessage()), e);
        }
        return new FetchedModel(listing.commit(), chosen.main(), fetched);
    }

    private String fetch(ModelUri.HubRepository uri, String commit, Hub.RemoteFile file, Path folder)
            throws IOException {
        Path target = folder.resolve(file.path());
        Files.createDirectories(Objects.requireNonNull(target.getParent()));
        if (Files.isRegularFile(target)) {
            // Whole in an earlier pull; as a part it is hashed again and, where it fits, not asked for again.
            Files.move(target, target.resolveSibling(target.getFileName() + ".part"));
        }
        Downloader.Request request = new Downloader.Request(
                hub.file(uri.repository(), commit, file.path()),
                file.path(),
                file.bytes(),
                file.hash(),
                hub.credentials());
        return downloader.download(request, target);
    }

    private void requireRoom(ModelUri uri, Path folder, List<Hub.RemoteFile> files) throws IOException {
        long missing = 0;
        for (Hub.RemoteFile file : files) {
            Path target = folder.resolve(file.path());
            Path part = target.resolveSibling(target.getFileName() + ".part");
            long have = Math.max(sizeOf(target), sizeOf(part));
            missing = Math.addExact(missing, Math.max(0, Math.min(file.bytes(), Long.MAX_VALUE >> 20) - have));
        }
        DiskSpace.require(disk, folder, uri.toString(), missing);
    }

    private static long sizeOf(Path file) throws IOException {
        return Files.isRegularFile(file) ? Files.size(file) : 0;
    }
}
