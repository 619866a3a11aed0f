# Sourced by ./llmserve and ./mvnw: sets and exports JAVA_HOME to a JDK 25 or newer, or ends with a sentence that says how to get one.
# Looks in JAVA_HOME, on PATH, then in the usual folders. With llmserve_tool=java a runtime without a compiler will do. POSIX sh.

llmserve_java_feature() { # prints the feature version of the JDK in folder $1, e.g. 25; nothing where there is none
  [ -x "$1/bin/java" ] && [ -x "$1/bin/${llmserve_tool:-javac}" ] && [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' "$1/release"
}

llmserve_find_jdk() {
  llmserve_on_path=$(command -v "${llmserve_tool:-javac}" 2>/dev/null || true)
  if [ -n "$llmserve_on_path" ]; then
    llmserve_real=$(readlink -f "$llmserve_on_path" 2>/dev/null || echo "$llmserve_on_path")
    llmserve_on_path=${llmserve_real%/bin/*}
  fi
  llmserve_older=
  case $- in *f*) llmserve_noglob=1; set +f ;; *) llmserve_noglob= ;; esac # the folders below are patterns
  for llmserve_home in "${JAVA_HOME:-}" "$llmserve_on_path" \
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* /opt/*jdk* \
    "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/* "${HOME:-/nonexistent}"/.local/share/mise/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    [ -n "$llmserve_home" ] || continue
    llmserve_feature=$(llmserve_java_feature "$llmserve_home")
    if [ -n "$llmserve_feature" ] && [ "$llmserve_feature" -ge 25 ]; then
      JAVA_HOME=$llmserve_home
      export JAVA_HOME
      [ -z "$llmserve_noglob" ] || set -f
      return 0
    fi
    case "$llmserve_older" in
      *" $llmserve_home,"*) ;;
      *) [ -z "$llmserve_feature" ] || llmserve_older="$llmserve_older Java $llmserve_feature in $llmserve_home," ;;
    esac
  done
  if [ -n "$llmserve_older" ]; then
    echo "LLMServe needs a JDK 25 or newer; found only${llmserve_older%,}." >&2
  else
    echo "LLMServe needs a JDK 25 or newer and found none (looked in JAVA_HOME, on PATH, in /usr/lib/jvm, /opt, ~/.sdkman, ~/.jdks)." >&2
  fi
  echo "Install one, e.g. 'apt install openjdk-25-jdk-headless', 'brew install openjdk@25' or 'sdk install java 25-tem', or set JAVA_HOME to it." >&2
  return 1
}

llmserve_find_jdk || exit 1
