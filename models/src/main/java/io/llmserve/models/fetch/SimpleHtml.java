package io.llmserve.models.fetch;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The anchors of a PEP 503 page. Reads once, forwards; whatever is no whole anchor is passed over.
final class SimpleHtml {
    private static final int MAX_ANCHORS = 100_000;
    private static final Map<String, String> ENTITIES =
            Map.of("amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", " ");

    record Anchor(String href, String text, boolean yanked) {}

    private final String html;
    private int position;

    private SimpleHtml(String html) {
        this.html = html;
    }

    static List<Anchor> anchors(String html) {
        SimpleHtml reader = new SimpleHtml(html);
        List<Anchor> anchors = new ArrayList<>();
        while (anchors.size() < MAX_ANCHORS && reader.findAnchor()) {
            reader.anchor().ifPresent(anchors::add);
        }
        return anchors;
    }

    /// Goes behind the next `<a` that begins an anchor's tag.
    private boolean findAnchor() {
        while (true) {
            position = html.indexOf('<', position);
            if (position < 0 || position + 2 >= html.length()) {
                return false;
            }
            char name = html.charAt(position + 1);
            if ((name == 'a' || name == 'A') && Character.isWhitespace(html.charAt(position + 2))) {
                position += 2;
                return true;
            }
            position++;
        }
    }

    private Optional<Anchor> anchor() {
        Optional<String> href = Optional.empty();
        boolean yanked = false;
        while (skipSpace() && html.charAt(position) != '>') {
            String name = attributeName();
            String value = attributeValue();
            if (name.equals("href")) {
                href = Optional.of(unescape(value));
            }
            yanked |= name.equals("data-yanked");
        }
        int end = html.indexOf('<', position);
        if (end < 0 || position >= html.length()) {
            position = html.length();
            return Optional.empty();
        }
        String text = unescape(html.substring(position + 1, end)).strip();
        position = end;
        boolean isYanked = yanked;
        return href.map(target -> new Anchor(target, text, isYanked));
    }

    private boolean skipSpace() {
        while (position < html.length()
                && (Character.isWhitespace(html.charAt(position)) || html.charAt(position) == '/')) {
            position++;
        }
        return position < html.length();
    }

    private String attributeName() {
        int start = position++;
        while (position < html.length()
                && "=>/".indexOf(html.charAt(position)) < 0
                && !Character.isWhitespace(html.charAt(position))) {
            position++;
        }
        return html.substring(start, position).toLowerCase(Locale.ROOT);
    }

    private String attributeValue() {
        if (position >= html.length() || html.charAt(position) != '=') {
            return "";
        }
        position++;
        char quote = position < html.length() ? html.charAt(position) : ' ';
        int start = quote == '"' || quote == '\'' ? ++position : position;
        while (position < html.length() && !endsValue(html.charAt(position), quote)) {
            position++;
        }
        String value = html.substring(start, position);
        if (position < html.length() && html.charAt(position) == quote) {
            position++;
        }
        return value;
    }

    private static boolean endsValue(char character, char quote) {
        boolean quoted = quote == '"' || quote == '\'';
        return quoted ? character == quote : character == '>' || Character.isWhitespace(character);
    }

    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        int at = 0;
        while (at < text.length()) {
            int end = text.charAt(at) == '&' ? text.indexOf(';', at, Math.min(text.length(), at + 11)) : -1;
            Optional<String> character = end < 0 ? Optional.empty() : entity(text.substring(at + 1, end));
            plain.append(character.orElse(text.substring(at, at + 1)));
            at = character.isPresent() ? end + 1 : at + 1;
        }
        return plain.toString();
    }

    private static Optional<String> entity(String name) {
        if (!name.startsWith("#")) {
            return Optional.ofNullable(ENTITIES.get(name));
        }
        try {
            boolean hexadecimal = name.startsWith("#x") || name.startsWith("#X");
            int code = Integer.parseInt(name.substring(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
            return Character.isValidCodePoint(code) ? Optional.of(Character.toString(code)) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
