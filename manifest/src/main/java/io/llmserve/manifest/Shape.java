package io.llmserve.manifest;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The fields of a manifest record, as its users see them; read once from the record's components.
record Shape(Class<? extends Record> type, List<Member> members) {
    /// What a field holds. `value` is the type inside Optional and List.
    record Member(String name, Field field, Class<?> value, boolean optional, boolean list) {
        boolean required() {
            return !optional && !list && !group() && field.byDefault().isEmpty();
        }

        /// Whether the field holds further fields.
        boolean group() {
            return value.isRecord() && scalar().isEmpty();
        }

        /// What a list holds where the document does not have it.
        List<String> defaultItems() {
            return field.byDefault().isEmpty()
                    ? List.of()
                    : List.of(field.byDefault().split(",", -1));
        }

        /// The kind of a field that holds a single value, or a list of such.
        Optional<ScalarKind> scalar() {
            return ScalarKind.of(value);
        }
    }

    static Shape of(Class<?> type) {
        Class<? extends Record> recordType = type.asSubclass(Record.class);
        return new Shape(
                recordType,
                Arrays.stream(recordType.getRecordComponents())
                        .map(Shape::member)
                        .toList());
    }

    List<String> names() {
        return members.stream().map(Member::name).toList();
    }

    private static Member member(RecordComponent component) {
        Field field = component.getAnnotation(Field.class);
        if (field == null) {
            throw new IllegalStateException("component %s has no @Field".formatted(component));
        }
        String name = field.name().isEmpty() ? snakeCase(component.getName()) : field.name();
        Class<?> outer = component.getType();
        boolean optional = outer == Optional.class;
        boolean list = outer == List.class;
        return new Member(name, field, optional || list ? argument(component.getGenericType()) : outer, optional, list);
    }

    private static Class<?> argument(Type generic) {
        return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
    }

    private static String snakeCase(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
