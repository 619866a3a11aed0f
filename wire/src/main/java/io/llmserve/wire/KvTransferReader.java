package io.llmserve.wire;

import io.llmserve.core.HostPort;
import io.llmserve.core.ServeException;
import io.llmserve.wire.KvTransfer.KeepForDecode;
import io.llmserve.wire.KvTransfer.PullFromPrefill;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Reads `kv_transfer_params`. Fields come and go between versions of vLLM: what is not known is ignored, and
/// `remote_block_ids` may be one list (older) or a list of lists.
final class KvTransferReader {
    private static final int MAX_NAME_LENGTH = 256;

    private final RequestReader reader;
    private final String path;
    private boolean remoteDecode;
    private boolean remotePrefill;
    private String engineId = "";
    private String requestId = "";
    private String host = "";
    private int port;
    private int tokens = -1;
    private int cachedTokens;
    private final List<List<Integer>> blockIds = new ArrayList<>();

    private KvTransferReader(RequestReader reader) {
        this.reader = reader;
        this.path = reader.path();
    }

    /// Empty where the object asks for nothing.
    static Optional<KvTransfer> read(RequestReader reader) throws IOException {
        if (reader.isNull()) {
            return Optional.empty();
        }
        KvTransferReader object = new KvTransferReader(reader);
        reader.object(object::field);
        return object.value();
    }

    private void field(String name) throws IOException {
        switch (name) {
            case "do_remote_decode" -> remoteDecode = reader.flag(false);
            case "do_remote_prefill" -> remotePrefill = reader.flag(false);
            case "remote_engine_id" -> engineId = name(reader.string(""));
            case "remote_request_id" -> requestId = name(reader.string(""));
            case "remote_host" -> host = name(reader.string(""));
            case "remote_port" -> port = port();
            case "remote_num_tokens" -> tokens = reader.integer(0, Integer.MAX_VALUE, -1);
            case "remote_prefill_cached_tokens" -> cachedTokens = reader.integer(0, Integer.MAX_VALUE, 0);
            case "remote_block_ids" -> blockIds();
            default -> reader.skip();
        }
    }

    private Optional<KvTransfer> value() {
        if (remoteDecode && remotePrefill) {
            throw ServeException.invalid(path, path + " has do_remote_decode and do_remote_prefill; one may be true.");
        }
        if (remoteDecode) {
            return Optional.of(new KeepForDecode());
        }
        if (!remotePrefill) {
            return Optional.empty();
        }
        require("remote_engine_id", engineId);
        require("remote_request_id", requestId);
        require("remote_host", host);
        if (port == 0) {
            require("remote_port", "");
        }
        OptionalInt covered = tokens < 0 ? OptionalInt.empty() : OptionalInt.of(tokens);
        return Optional.of(new PullFromPrefill(engineId, requestId, peer(), blockIds, covered, cachedTokens));
    }

    /// Without these a real vLLM waits for pages for ever.
    private void require(String name, String value) {
        if (value.isEmpty()) {
            throw ServeException.invalid(
                    path + "." + name, "%s.%s is required where do_remote_prefill is true.".formatted(path, name));
        }
    }

    private HostPort peer() {
        try {
            return new HostPort(host, port);
        } catch (IllegalArgumentException wrong) {
            throw ServeException.invalid(path + ".remote_host", path + ".remote_host: " + wrong.getMessage() + ".");
        }
    }

    /// vLLM has the port as a number, others as text.
    private int port() throws IOException {
        if (!reader.isString()) {
            return reader.integer(1, 65_535, 0);
        }
        String text = reader.string();
        try {
            int number = Integer.parseInt(text);
            if (number >= 1 && number <= 65_535) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // Refused below, with the same words as a number out of range.
        }
        throw reader.invalid("must be a port, got " + StrictJson.shortened(text));
    }

    private String name(String value) {
        if (value.length() > MAX_NAME_LENGTH) {
            throw reader.invalid("must have at most %d characters, got %d".formatted(MAX_NAME_LENGTH, value.length()));
        }
        return value;
    }

    private void blockIds() throws IOException {
        if (reader.isNull()) {
            return;
        }
        List<Integer> flat = new ArrayList<>();
        reader.list(() -> {
            if (reader.isList()) {
                List<Integer> group = new ArrayList<>();
                reader.list(() -> group.add((int) reader.integer(0, Integer.MAX_VALUE)));
                blockIds.add(group);
            } else {
                flat.add((int) reader.integer(0, Integer.MAX_VALUE));
            }
        });
        if (!flat.isEmpty()) {
            blockIds.add(flat);
        }
    }
}
