package io.llmserve.app;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Rooms and doors, as ARCHITECTURE.md has them.
class ArchitectureTest {
    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.llmserve");

    /// What each room may import of ours. The JDK and libraries are not in this table.
    private static final Map<String, List<String>> DOORS = Map.ofEntries(
            Map.entry("core", List.of()),
            Map.entry("manifest", List.of("core")),
            Map.entry("wire", List.of("core")),
            Map.entry("text", List.of("core")),
            Map.entry("tensor", List.of("core")),
            Map.entry("models", List.of("core", "tensor")),
            Map.entry("engine", List.of("core", "tensor", "models")),
            Map.entry("transfer", List.of("core")),
            Map.entry("worker", List.of("core", "engine", "models", "tensor", "text", "transfer", "wire")),
            Map.entry("admission", List.of("core")),
            Map.entry("routing", List.of("core")),
            Map.entry("gateway", List.of("core", "admission", "routing", "wire")),
            Map.entry("control", List.of("core", "manifest", "wire")));

    /// Libraries that belong to some rooms only.
    private static Stream<Arguments> libraries() {
        return Stream.of(
                Arguments.of("io.vertx", List.of("gateway", "worker")),
                Arguments.of("io.netty", List.of("gateway", "worker")),
                Arguments.of("jdk.incubator.vector", List.of("tensor")),
                Arguments.of("ai.djl", List.of("text")),
                Arguments.of("com.hubspot", List.of("text")),
                Arguments.of("org.zeromq", List.of("gateway", "worker")),
                Arguments.of("org.msgpack", List.of("wire")),
                Arguments.of("org.snakeyaml", List.of("manifest")),
                Arguments.of("picocli", List.of("app", "bench")),
                Arguments.of("io.prometheus", List.of("gateway", "worker", "app")),
                Arguments.of("ch.qos.logback", List.of()));
    }

    private static Stream<Arguments> rooms() {
        return DOORS.entrySet().stream().map(room -> Arguments.of(room.getKey(), room.getValue()));
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void imports(String room, List<String> doors) {
        List<String> allowed = new ArrayList<>(List.of(packages(room)));
        doors.forEach(door -> allowed.add(packages(door)));
        classes()
                .that()
                .resideInAPackage(packages(room))
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(allowed.toArray(String[]::new)).or(resideOutsideOfPackages("io.llmserve..")))
                .check(PRODUCT);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void stayInTheirRooms(String library, List<String> rooms) {
        String[] allowed = rooms.stream().map(ArchitectureTest::packages).toArray(String[]::new);
        noClasses()
                .that(resideInAnyPackage("io.llmserve..").and(resideOutsideOfPackages(allowed)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library + "..")
                .check(PRODUCT);
    }

    @Test
    void onlyTransferCallsNativeFunctions() {
        noClasses()
                .that(resideInAnyPackage("io.llmserve..").and(resideOutsideOfPackages(packages("transfer"))))
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .check(PRODUCT);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.llmserve.(*)..").should().beFreeOfCycles().check(PRODUCT);
    }

    /// The rules above hold for nothing if the classes are not there.
    @Test
    void seesEveryRoom() {
        DOORS.keySet()
                .forEach(room -> assertThat(PRODUCT.stream()
                                .anyMatch(type -> type.getPackageName().startsWith("io.llmserve." + room)))
                        .as(room)
                        .isTrue());
    }

    private static String packages(String room) {
        return "io.llmserve." + room + "..";
    }
}
