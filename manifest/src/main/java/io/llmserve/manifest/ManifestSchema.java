package io.llmserve.manifest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmserve.manifest.Shape.Member;
import java.util.Arrays;
import java.util.List;

/// JSON Schema (draft 2020-12) of the manifest, made from its records, so that editors complete and check it.
public final class ManifestSchema {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ManifestSchema() {}

    /// The schema as indented JSON that ends with a line feed.
    public static String json() {
        ObjectNode schema = JSON.objectNode();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "LLMServe manifest");
        schema.setAll(ofRecord(Shape.of(Manifest.class)));
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
        printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
        try {
            return new ObjectMapper().writer(printer).writeValueAsString(schema) + "\n";
        } catch (JsonProcessingException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static ObjectNode ofRecord(Shape shape) {
        ObjectNode schema = JSON.objectNode().put("type", "object").put("additionalProperties", false);
        ObjectNode properties = schema.putObject("properties");
        for (Member member : shape.members()) {
            properties.set(member.name(), ofMember(member));
        }
        List<String> required = shape.members().stream()
                .filter(Member::required)
                .map(Member::name)
                .toList();
        if (!required.isEmpty()) {
            required.forEach(schema.putArray("required")::add);
        }
        return schema;
    }

    private static ObjectNode ofMember(Member member) {
        ObjectNode schema = JSON.objectNode().put("description", member.field().doc());
        if (member.list()) {
            schema.put("type", "array").set("items", ofItem(member));
            if (!member.field().byDefault().isEmpty()) {
                member.defaultItems().forEach(schema.putArray("default")::add);
            }
        } else if (member.group()) {
            schema.setAll(ofRecord(Shape.of(member.value())));
        } else {
            scalar(schema, member, member.scalar().orElseThrow());
        }
        return schema;
    }

    private static ObjectNode ofItem(Member member) {
        if (member.group()) {
            return ofRecord(Shape.of(member.value()));
        }
        ObjectNode item = JSON.objectNode();
        scalar(item, member, member.scalar().orElseThrow());
        item.remove("default");
        return item;
    }

    private static void scalar(ObjectNode schema, Member member, ScalarKind kind) {
        Field field = member.field();
        switch (kind) {
            case WHOLE_NUMBER -> {
                schema.put("type", "integer");
                putNumber(schema, "minimum", field.min());
                putNumber(schema, "maximum", field.max());
                putNumber(schema, "default", field.byDefault());
            }
            case TRUTH -> schema.put("type", "boolean").put("default", Boolean.parseBoolean(field.byDefault()));
            case CHOICE -> {
                Object[] choices = member.value().getEnumConstants();
                schema.put("type", "string");
                Arrays.stream(choices).map(ScalarKind::spelling).forEach(schema.putArray("enum")::add);
                if (!field.byDefault().isEmpty()) {
                    schema.put("default", field.byDefault());
                }
            }
            case TEXT, SIZE, TIME -> {
                schema.put("type", "string");
                String pattern = field.pattern().isEmpty() ? kind.pattern() : field.pattern();
                if (!pattern.isEmpty()) {
                    schema.put("pattern", "^(" + pattern + ")$");
                }
                if (!field.byDefault().isEmpty()) {
                    schema.put("default", field.byDefault());
                }
            }
        }
    }

    private static void putNumber(ObjectNode schema, String name, String text) {
        if (!text.isEmpty()) {
            schema.put(name, Integer.parseInt(text));
        }
    }
}
