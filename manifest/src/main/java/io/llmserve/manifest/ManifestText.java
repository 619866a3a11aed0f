package io.llmserve.manifest;

import io.llmserve.manifest.Shape.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A manifest as a text that [ManifestReader] reads back, to hand to another process: JSON, which is YAML. Without
/// what may hold secrets: the keys of clients, and the environment of vLLM.
public final class ManifestText {
    private static final Set<String> LEFT_OUT = Set.of("security", "vllm");

    private ManifestText() {}

    public static String of(Spec spec) {
        return "{\"apiVersion\":\"v1\",\"kind\":\"LLMServe\",\"spec\":" + group(spec) + "}";
    }

    private static String group(Record record) {
        List<Member> members = Shape.of(record.getClass()).members();
        List<String> fields = new ArrayList<>();
        for (int index = 0; index < members.size(); index++) {
            String name = members.get(index).name();
            Object value = FlatManifest.component(record, index);
            if (!(record instanceof Spec && LEFT_OUT.contains(name)) && !value.equals(Optional.empty())) {
                fields.add(quoted(name) + ":" + value(value));
            }
        }
        return "{" + String.join(",", fields) + "}";
    }

    private static String value(Object value) {
        return switch (value) {
            case Optional<?> optional -> value(optional.orElseThrow());
            case List<?> items ->
                "[" + String.join(",", items.stream().map(ManifestText::value).toList()) + "]";
            case Integer number -> number.toString();
            case Boolean truth -> truth.toString();
            case Record record when ScalarKind.of(record.getClass()).isEmpty() -> group(record);
            default -> quoted(ScalarKind.write(value));
        };
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.chars().forEach(unit -> {
            if (unit == '"' || unit == '\\') {
                json.append('\\').append((char) unit);
            } else if (unit < ' ') {
                json.append("\\u%04x".formatted(unit));
            } else {
                json.append((char) unit);
            }
        });
        return json.append('"').toString();
    }
}
