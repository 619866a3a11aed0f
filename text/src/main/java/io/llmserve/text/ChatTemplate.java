package io.llmserve.text;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.text.jinja.Template;
import io.llmserve.text.jinja.TemplateException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes a prompt of a conversation by the model's own Jinja template. Immutable and thread-safe.
public final class ChatTemplate {
    private final Tokenizer tokenizer;
    private final Template template;
    private final Map<String, String> specialStrings;
    private final Clock clock;

    private ChatTemplate(Tokenizer tokenizer, Template template, Clock clock) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.specialStrings = tokenizer.templateStrings();
        this.clock = clock;
    }

    /// A conversation as the API has it: generic maps and lists, as a JSON parser makes them.
    ///
    /// @param tools null where the request has none
    /// @param addGenerationPrompt whether the prompt ends where the assistant's answer begins
    /// @param variables further variables of the template (`chat_template_kwargs`)
    public record Conversation(
            List<? extends Map<String, ?>> messages,
            @Nullable List<? extends Map<String, ?>> tools,
            boolean addGenerationPrompt,
            Map<String, ?> variables) {
        public static Conversation of(List<? extends Map<String, ?>> messages) {
            return new Conversation(messages, null, true, Map.of());
        }
    }

    /// Refuses a source that is no template with [Failure#CORRUPT].
    public static ChatTemplate of(String source, Tokenizer tokenizer, Clock clock) {
        try {
            return new ChatTemplate(tokenizer, Template.parse(source), clock);
        } catch (TemplateException e) {
            throw new ServeException(
                    Failure.CORRUPT, "The model's chat template cannot be read: %s".formatted(e.messageText()), e);
        }
    }

    /// The prompt's token ids. The template's special tokens are special tokens; what users wrote stays text,
    /// however it is spelt.
    public int[] encode(Conversation conversation) {
        List<@Nullable Object> given = new ArrayList<>();
        given.add(conversation.messages());
        given.add(conversation.tools());
        given.add(conversation.variables());
        SpecialTextMask mask = new SpecialTextMask(tokenizer.specialTokens(), given);
        String prompt = render(variables(
                conversation,
                mask.marked(conversation.messages()),
                mask.marked(conversation.tools()),
                mask.marked(conversation.variables())));
        return tokenizer.encode(prompt, Specials.PARSE, false, mask.mark());
    }

    /// The prompt as text, in which special tokens and their spelling in a message look alike.
    public String render(Conversation conversation) {
        return render(variables(conversation, conversation.messages(), conversation.tools(), conversation.variables()));
    }

    private Map<String, @Nullable Object> variables(
            Conversation conversation,
            @Nullable Object messages,
            @Nullable Object tools,
            @Nullable Object furtherVariables) {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>(specialStrings);
        if (furtherVariables instanceof Map<?, ?> further) {
            further.forEach((name, value) -> variables.put(String.valueOf(name), value));
        }
        variables.put("messages", messages);
        variables.put("tools", tools);
        variables.put("documents", variables.get("documents"));
        variables.put("add_generation_prompt", conversation.addGenerationPrompt());
        return variables;
    }

    private String render(Map<String, @Nullable Object> variables) {
        try {
            return template.render(variables, clock.now().atZone(ZoneId.systemDefault()));
        } catch (TemplateException e) {
            throw ServeException.invalid(
                    "messages",
                    "The model's chat template does not take this conversation: %s".formatted(e.messageText()));
        }
    }
}
