package io.llmserve.text;

/// A token that is found in the text before BPE starts, as `added_tokens` of `tokenizer.json` describes it.
///
/// @param special a control token: skipped by `skipSpecial`, text under [Specials#AS_TEXT]
/// @param takesSpaceBefore `lstrip`: white space before it belongs to it
/// @param takesSpaceAfter `rstrip`: white space after it belongs to it
/// @param singleWord matches only where no word character touches it
record AddedToken(
        int id,
        String content,
        boolean special,
        boolean takesSpaceBefore,
        boolean takesSpaceAfter,
        boolean singleWord,
        boolean normalized) {
    static AddedToken special(int id, String content) {
        return new AddedToken(id, content, true, false, false, false, false);
    }

    static AddedToken userDefined(int id, String content) {
        return new AddedToken(id, content, false, false, false, false, false);
    }
}
