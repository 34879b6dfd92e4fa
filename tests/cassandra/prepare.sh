#!/usr/bin/env bash
# Cassandra as a folder of Java archives: prints the folder. Fetched once (a minute and 70 MB below
# the user's cache), then reused. What came has to be what SHA256SUMS says, and nothing else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/earshot/cassandra
say() { echo "test-cassandra: $*" >&2; }

java_is_right() { # Cassandra 5 runs on these two alone
    command -v java >/dev/null && java -version 2>&1 | grep -Eq 'version "(11|17)\.'
}
java_is_right || {
    say "Java 11 or 17 is needed: apt-get install openjdk-17-jre-headless"
    exit 1
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
wanted=$(cat "$here/pom.xml" "$here/SHA256SUMS" | sha256sum)
wanted=$cache/${wanted:0:16}
if [[ -d $wanted ]]; then
    echo "$wanted"
    exit
fi
command -v mvn >/dev/null || {
    say "Maven is needed: apt-get install maven"
    exit 1
}

say "fetching Cassandra, once"
fetched=$cache/fetched
rm -rf --one-file-system "$fetched"
trap 'rm -rf --one-file-system "$fetched"' EXIT
mvn -B -q -Dstyle.color=never -f "$here/pom.xml" -Dmaven.repo.local="$fetched/repository" \
    -DoutputDirectory="$fetched/jars" dependency:copy-dependencies >&2
(cd "$fetched/jars" && sha256sum --check --strict --quiet "$here/SHA256SUMS" >&2)
[[ $(find "$fetched/jars" -type f | wc -l) == $(wc -l <"$here/SHA256SUMS") ]] || {
    say "Maven brought other files than those of SHA256SUMS"
    exit 1
}
mv "$fetched/jars" "$wanted"
echo "$wanted"
