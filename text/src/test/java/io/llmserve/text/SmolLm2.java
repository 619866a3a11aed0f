package io.llmserve.text;

import io.llmserve.core.TokenizerSource.SpecialTokens;
import io.llmserve.core.TokenizerSource.Vocabulary;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/// The vocabulary of SmolLM2-135M-Instruct as its GGUF file carries it: a real model for the tests.
final class SmolLm2 {
    static final String CHAT_TEMPLATE =
            "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
                    + "{{ '<|im_start|>system\\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
                    + "<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
                    + "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"
                    + "{{ '<|im_start|>assistant\\n' }}{% endif %}";
    private static final int SPECIAL_TOKENS = 17;

    private SmolLm2() {}

    static Tokenizer tokenizer() {
        return Loaded.TOKENIZER;
    }

    /// Loaded when first asked for, and once.
    private static final class Loaded {
        static final Tokenizer TOKENIZER = Tokenizer.load(vocabulary(), Path.of("target", "cache"));
    }

    static Vocabulary vocabulary() {
        try (var lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Fixtures.open("smollm2-vocabulary.txt.gz")), StandardCharsets.UTF_8))) {
            int count = Integer.parseInt(lines.readLine());
            List<String> rest = lines.readAllLines();
            int[] types = new int[count];
            Arrays.fill(types, 1);
            Arrays.fill(types, 0, SPECIAL_TOKENS, 3);
            return new Vocabulary(
                    "gpt2",
                    "smollm",
                    rest.subList(0, count),
                    rest.subList(count, rest.size()),
                    types,
                    new float[0],
                    new SpecialTokens(1, 2, 0, 2, false, false));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
