package io.llmserve.text;

/// What is written before a section of text (what lies between two special tokens) ahead of BPE. Done here and not
/// in the native library, so that a long section can be cut without a prefix appearing inside it.
///
/// @param text what is written: empty, a space or `▁`
/// @param firstSectionOnly only where the section opens the whole text
/// @param unlessPresent not where the section already opens with white space of that kind
record SpacePrefix(String text, boolean firstSectionOnly, boolean unlessPresent) {
    static final char SENTENCE_PIECE_SPACE = '▁';
    static final SpacePrefix NONE = new SpacePrefix("", false, false);
    static final SpacePrefix EVERY_SECTION = new SpacePrefix(String.valueOf(SENTENCE_PIECE_SPACE), false, false);

    boolean appliesTo(CharSequence section, boolean first) {
        if (text.isEmpty() || section.isEmpty() || (firstSectionOnly && !first)) {
            return false;
        }
        char opening = section.charAt(0);
        return !(unlessPresent && (opening == ' ' || opening == text.charAt(0)));
    }
}
