package io.llmserve.testkit;

import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/// Seeds for [Seeds].
final class SeedSource implements ArgumentsProvider {
    @Override
    public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
        Long only = Long.getLong("llmserve.seed");
        if (only != null) {
            return Stream.of(Arguments.of(only));
        }
        int count = context.getRequiredTestMethod().getAnnotation(Seeds.class).value();
        return LongStream.range(0, (long) count * Integer.getInteger("llmserve.seeds.factor", 1))
                .mapToObj(Arguments::of);
    }
}
