#!/usr/bin/env bash
# Runs `make compare-registries` for Consul and etcd to its end: it measures all, exits with 0, and leaves nothing.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
PROGRAM=compare
# shellcheck source=consul-dev/tests/pitfalls
. "$HERE/tests/pitfalls"

# The cells of one row, for both kinds.
row() { # begin of the row
    sed -n "s/^ *$1  *\(.*\)/\1/p" "$DIR/shown"
}

consul_and_etcd_are_measured() {
    local code=0
    env "$MARK" "$PROGRAM" consul,etcd >"$DIR/shown" 2>&1 || code=$?
    sed 's/^/measured: /' "$DIR/shown"
    expect_eq "exit code" $code 0
    nothing_left
    expect_contains "$(row 'a new instance is known to the caller after')" '^[0-9.]+ m?s +[0-9.]+ m?s$'
    expect_contains "$(row 'a deregistered one is not called after')" '^[0-9.]+ m?s +[0-9.]+ m?s$'
    expect_contains "$(row 'a killed one is out by our ejection after')" '^[0-9.]+ m?s +[0-9.]+ m?s$'
    expect_contains "$(row 'a killed one is out by the registry after')" '^[0-9.]+ s +[0-9.]+ s$'
    expect_contains "$(row 'bytes in a minute')" '^[0-9.]+ kB +[0-9.]+ kB$'
    expect_contains "$(row 'checks by the registry in a minute')" '^[1-9][0-9]* +0$'
    expect_contains "$(row 'source of the caller.s list')" '^cache +cache$'
    expect_contains "$(row 'calls that fail, of all')" '^0 / [1-9][0-9]* +0 / [1-9][0-9]*$'
    expect_eq "claims that hold" "$(grep -c '^    holds: ' "$DIR/shown")" 4
}

run_tests consul_and_etcd_are_measured
