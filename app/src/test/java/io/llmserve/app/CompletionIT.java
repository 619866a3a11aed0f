package io.llmserve.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The completion script in real shells: what TAB makes of a line that was begun. A shell that is not installed skips
/// its test.
class CompletionIT {
    /// Calls what `complete` has registered, as readline does.
    private static final String BASH = """
            source "$SCRIPT"
            function=$(complete -p llmserve | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
            COMP_WORDS=($1) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=${#1}
            "$function"
            echo "${COMPREPLY[@]}"
            """;

    /// Types into an interactive shell on a terminal of its own.
    private static final String ZSH = """
            zmodload zsh/zpty
            zpty shell "PS1= TERM=dumb zsh -f -i"
            zpty -w shell "autoload -Uz compinit bashcompinit; compinit -u -D; bashcompinit; source $SCRIPT; PS1='> '; echo rea''dy"
            zpty -r -m shell line "*ready*"
            zpty -w -n shell "$1"$'\\t'
            zpty -r -m shell line "*$2*" && echo "completed $2"
            zpty -d shell
            """;

    @TempDir
    private Path home;

    private Path script = Path.of("");

    @BeforeEach
    void writeScript() throws Exception {
        Distribution llmserve =
                new Distribution(Distribution.folder().resolve("bin").resolve("llmserve"), home);
        script = Files.writeString(
                home.resolve("completion"), llmserve.run("completion").output());
    }

    @Test
    void bashCompletesCommandsAndFlags() throws Exception {
        assumeInstalled("bash");
        assertThat(in("bash", "-c", BASH, "bash", "llmserve mod")).isEqualTo("models\n");
        assertThat(in("bash", "-c", BASH, "bash", "llmserve models pu")).isEqualTo("pull\n");
        assertThat(in("bash", "-c", BASH, "bash", "llmserve up --metr")).isEqualTo("--metrics-port\n");
    }

    @Test
    void zshCompletesCommandsAndFlags() throws Exception {
        assumeInstalled("zsh");
        assertThat(in("zsh", "-f", "-c", ZSH, "zsh", "llmserve mod", "els ")).contains("completed");
        assertThat(in("zsh", "-f", "-c", ZSH, "zsh", "llmserve up --metr", "ics-port"))
                .contains("completed");
    }

    private static void assumeInstalled(String shell) throws IOException, InterruptedException {
        Process which = new ProcessBuilder("sh", "-c", "command -v " + shell).start();
        assumeThat(Distribution.end(which)).as("%s is installed", shell).isZero();
    }

    /// What the shell says within the time that a test may take; what it waits for may never come.
    private String in(String... command) throws IOException, InterruptedException {
        Path said = home.resolve("said");
        ProcessBuilder builder = new ProcessBuilder(List.of(command))
                .redirectError(ProcessBuilder.Redirect.DISCARD) // bash asks for `compopt` inside of a completion
                .redirectOutput(said.toFile());
        builder.environment().put("SCRIPT", script.toString());
        Distribution.end(builder.start());
        return Files.readString(said);
    }
}
