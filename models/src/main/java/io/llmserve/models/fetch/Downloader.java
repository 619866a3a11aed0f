package io.llmserve.models.fetch;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.PullListener;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Brings one file here, whole or not at all. What a broken connection left is kept and continued (RFC 9110: Range with
/// If-Range); what has the wrong hash or found no room is deleted.
final class Downloader {
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");
    private static final int BUFFER_BYTES = 1 << 18;
    private static final long REPORT_NANOS = Duration.ofMillis(100).toNanos();

    /// @param subject what messages and progress name
    /// @param bytes -1 where unknown
    /// @param credentials `Authorization` for the host of `uri`
    record Request(URI uri, String subject, long bytes, Optional<ExpectedHash> hash, Optional<String> credentials) {}

    private final Network network;
    private final Disk disk;
    private final Retry retry;
    private final Clock clock;
    private final PullListener listener;

    Downloader(Network network, Disk disk, Retry retry, Clock clock, PullListener listener) {
        this.network = network;
        this.disk = disk;
        this.retry = retry;
        this.clock = clock;
        this.listener = listener;
    }

    /// Returns the SHA-256 of what now is `target`.
    String download(Request request, Path target) {
        try (PartFile part = new PartFile(target, disk, request.bytes())) {
            boolean continued = part.length() > 0;
            fetch(request, target, part);
            if (continued && !matches(request, part)) {
                part.restart();
                fetch(request, target, part);
            }
            requireMatch(request, part);
            String sha256 = part.hash(ExpectedHash.Kind.SHA256);
            part.finish();
            return sha256;
        } catch (IOException e) {
            throw new ServeException(
                    Failure.CONFIGURATION, "%s cannot be written: %s".formatted(target, e.getMessage()), e);
        }
    }

    private void fetch(Request request, Path target, PartFile part) {
        retry.run(
                () -> attempt(request, target, part),
                part::length,
                cause -> "%s from %s broke off: %s; %,d of %s bytes are kept, the next pull goes on from there"
                        .formatted(
                                request.subject(),
                                Network.shown(request.uri()),
                                cause,
                                part.length(),
                                request.bytes() < 0 ? "?" : "%,d".formatted(request.bytes())));
    }

    private Boolean attempt(Request request, Path target, PartFile part) throws IOException {
        if (part.length() > 0
                && part.length() == request.bytes()
                && request.hash().isPresent()) {
            return true;
        }
        Optional<String> validator = part.validator();
        if (part.length() > 0 && validator.isEmpty() && request.hash().isEmpty()) {
            part.restart();
        }
        Map<String, String> headers = new HashMap<>(Map.of("Accept-Encoding", "identity"));
        if (part.length() > 0) {
            headers.put("Range", "bytes=" + part.length() + "-");
            validator.ifPresent(value -> headers.put("If-Range", value));
        }
        try (Network.Answer answer = network.get(request.uri(), headers, request.credentials())) {
            long total = begin(request, part, answer);
            Path folder = target.toAbsolutePath().getParent();
            DiskSpace.require(
                    disk, folder == null ? target : folder, request.subject(), Math.max(0, total - part.length()));
            copy(request, part, answer.body(), total);
        }
        return true;
    }

    /// Leaves the part as long as what the answer's body continues; returns the file's whole length, -1 if unknown.
    private long begin(Request request, PartFile part, Network.Answer answer) throws IOException {
        long total;
        switch (answer.status()) {
            case 200 -> {
                part.restart();
                total = answer.response()
                        .headers()
                        .firstValueAsLong("content-length")
                        .orElse(-1);
            }
            case 206 -> total = continued(part, answer);
            case 416 -> {
                part.restart();
                throw new IOException("the server has no such range");
            }
            default -> throw Refusal.of(request.subject(), answer);
        }
        if (total >= 0 && request.bytes() >= 0 && total != request.bytes()) {
            part.delete();
            throw new ServeException(
                    Failure.CORRUPT,
                    "%s has %,d bytes at %s, expected %,d"
                            .formatted(request.subject(), total, Network.shown(answer.uri()), request.bytes()));
        }
        part.keepValidator(
                answer.header("etag").filter(etag -> !etag.startsWith("W/")).or(() -> answer.header("last-modified")));
        return total >= 0 ? total : request.bytes();
    }

    private static long continued(PartFile part, Network.Answer answer) throws IOException {
        Matcher range = CONTENT_RANGE.matcher(answer.header("content-range").orElse(""));
        if (!range.matches() || Long.parseLong(range.group(1)) != part.length()) {
            part.restart();
            throw new IOException("the server answered with another range than asked for");
        }
        return range.group(3).equals("*") ? -1 : Long.parseLong(range.group(3));
    }

    private void copy(Request request, PartFile part, InputStream body, long total) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long reported = clock.nanos() - REPORT_NANOS;
        for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
            if (total >= 0 && part.length() + count > total) {
                part.delete();
                throw new ServeException(
                        Failure.CORRUPT,
                        "%s has more than the announced %,d bytes".formatted(request.subject(), total));
            }
            part.append(buffer, count, Math.max(count, total - part.length()));
            if (clock.nanos() - reported >= REPORT_NANOS) {
                reported = clock.nanos();
                listener.progress(PullListener.Phase.DOWNLOADING, request.subject(), part.length(), total);
            }
        }
        if (part.length() < total) {
            throw new IOException("the connection ended early");
        }
        listener.progress(PullListener.Phase.DOWNLOADING, request.subject(), part.length(), part.length());
    }

    private static boolean matches(Request request, PartFile part) {
        return request.hash()
                .map(hash -> part.hash(hash.kind()).equals(hash.hex()))
                .orElse(true);
    }

    private static void requireMatch(Request request, PartFile part) {
        if (!matches(request, part)) {
            ExpectedHash expected = request.hash().orElseThrow();
            String found = part.hash(expected.kind());
            part.delete();
            throw new ServeException(
                    Failure.CORRUPT,
                    "%s from %s was damaged on the way and is deleted: its %s is %s, expected %s"
                            .formatted(
                                    request.subject(),
                                    Network.shown(request.uri()),
                                    expected.kind().algorithm(),
                                    found,
                                    expected.hex()));
        }
    }
}
