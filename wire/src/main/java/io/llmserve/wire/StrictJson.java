package io.llmserve.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// How bodies are read here: RFC 8259 to the letter, UTF-8 only, no key twice (two readers of one body must not
/// see different values), and a limit on depth and on the length of numbers.
final class StrictJson {
    static final int MAX_DEPTH = 64;
    static final int MAX_NUMBER_LENGTH = 100;
    static final int MAX_NAME_LENGTH = 1_024;

    static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(MAX_NUMBER_LENGTH)
                    .maxNameLength(MAX_NAME_LENGTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .configure(JsonFactory.Feature.CHARSET_DETECTION, false)
            .configure(JsonFactory.Feature.INTERN_FIELD_NAMES, false)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    static final ObjectMapper MAPPER = new ObjectMapper(FACTORY);

    private StrictJson() {}

    /// The offset of the first byte that is not UTF-8 (overlong forms and surrogates included); -1 when all is
    /// well.
    static int firstMalformed(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer source = ByteBuffer.wrap(bytes);
        CharBuffer sink = CharBuffer.allocate(Math.min(8_192, bytes.length + 1));
        while (true) {
            CoderResult result = decoder.decode(source, sink, true);
            if (result.isError()) {
                return source.position();
            }
            if (result.isUnderflow()) {
                return -1;
            }
            sink.clear();
        }
    }

    /// The index of the first surrogate without its pair; -1 when all are paired.
    static int firstUnpairedSurrogate(String text) {
        int i = 0;
        while (i < text.length()) {
            int point = text.codePointAt(i);
            if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
                return i;
            }
            i += Character.charCount(point);
        }
        return -1;
    }

    /// Where the parser stands, as OpenAI writes it: `messages[0].content`. Empty at the root.
    static String path(JsonParser parser) {
        JsonStreamContext context = parser.getParsingContext();
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
            context = context.getParent();
        }
        StringBuilder path = new StringBuilder();
        for (; context != null && !context.inRoot(); context = context.getParent()) {
            String step = step(context);
            boolean needsDot = !path.isEmpty() && path.charAt(0) != '[';
            path.insert(0, needsDot ? step + "." : step);
        }
        return path.toString();
    }

    static String shortened(String text) {
        return text.length() <= 40 ? text : text.substring(0, 37) + "...";
    }

    private static String step(JsonStreamContext context) {
        if (context.inArray()) {
            return "[" + context.getCurrentIndex() + "]";
        }
        String name = context.getCurrentName();
        return name == null ? "" : shortened(name);
    }
}
