package io.llmserve.text;

import io.llmserve.core.TokenizerSource.Vocabulary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Merges of a SentencePiece BPE vocabulary, which has only scores: every way to make a piece of two others, the
/// best score first, as HuggingFace converts such models (`generate_merges` in convert_slow_tokenizer.py).
final class ScoredMerges {
    private static final int NORMAL = 1;
    private static final Comparator<Merge> BEST_FIRST = Comparator.comparingDouble(Merge::score)
            .thenComparingInt(merge -> merge.left().length())
            .thenComparingInt(merge -> merge.right().length())
            .reversed();

    private ScoredMerges() {}

    private record Merge(String left, String right, int leftId, int rightId, float score) {}

    /// Left and right parts in turn.
    static List<String> of(Vocabulary vocabulary) {
        if (vocabulary.scores().length != vocabulary.tokens().size()) {
            throw GgufVocabulary.corrupt(
                    "it has %d tokens but %d scores", vocabulary.tokens().size(), vocabulary.scores().length);
        }
        Map<String, Integer> ids = normalPieces(vocabulary);
        List<Merge> merges = new ArrayList<>();
        ids.forEach((piece, id) -> addSplits(piece, vocabulary.scores()[id], ids, merges));
        merges.sort(BEST_FIRST);
        List<String> parts = new ArrayList<>(merges.size() * 2);
        for (Merge merge : merges) {
            parts.add(merge.left());
            parts.add(merge.right());
        }
        return parts;
    }

    /// In the order of ids. Control tokens are no part and no result of a merge: text cannot become one.
    private static Map<String, Integer> normalPieces(Vocabulary vocabulary) {
        Map<String, Integer> ids =
                LinkedHashMap.newLinkedHashMap(vocabulary.tokens().size());
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            if (vocabulary.types().length == 0 || vocabulary.types()[id] == NORMAL) {
                ids.putIfAbsent(vocabulary.tokens().get(id), id);
            }
        }
        return ids;
    }

    private static void addSplits(String piece, float score, Map<String, Integer> ids, List<Merge> merges) {
        List<Merge> splits = new ArrayList<>();
        for (int at = 1; at < piece.length(); at++) {
            Integer left = ids.get(piece.substring(0, at));
            Integer right = ids.get(piece.substring(at));
            if (left != null && right != null) {
                splits.add(new Merge(piece.substring(0, at), piece.substring(at), left, right, score));
            }
        }
        splits.sort(Comparator.comparingInt(Merge::leftId).thenComparingInt(Merge::rightId));
        merges.addAll(splits);
    }
}
