package io.llmserve.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.provider.ArgumentsSource;

/// Runs a `@ParameterizedTest` that takes one `long` with this many seeds, always the same ones, so that a
/// failure repeats. The failing seed is in the test's name. `-Dllmserve.seed=N` runs only that one;
/// `-Dllmserve.seeds.factor=10` runs ten times as many.
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ArgumentsSource(SeedSource.class)
public @interface Seeds {
    int value();
}
