#!/usr/bin/env bash
# Tests `make compare-registries`: its messages, kinds that cannot run here, and that Ctrl-C and kill -9 leave nothing
# behind. Consul and etcd to their end: test-outages-compare.sh.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
PROGRAM=compare
# shellcheck source=consul-dev/tests/pitfalls
. "$HERE/tests/pitfalls"

compare() { env "$MARK" "$PROGRAM" "$@"; }

# A folder with the programs that these tests need, but no java.
path_without_java() {
    local folder name
    mkdir -p "$DIR/bin"
    for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
        for name in "$folder"/*; do
            case ${name##*/} in java | javac | mvn) ;; *) ln -sf "$name" "$DIR/bin/" ;; esac
        done
    done
    printf '%s\n' "$DIR/bin"
}

unknown_kind_is_refused() {
    local kind output code
    for kind in zookeeper consul,consul 'consul,' ',etcd' 'consul etcd'; do
        code=0
        output=$(compare "$kind" 2>&1) || code=$?
        expect_eq "exit code for '$kind'" $code 2
        expect_contains "$output" "^KIND=$kind: want some of consul, etcd, nacos, eureka, each once"
    done
}

unknown_kind_is_refused_in_chinese() {
    local output code=0
    output=$(LC_ALL=zh_CN.UTF-8 compare zookeeper 2>&1) || code=$?
    expect_eq "exit code" $code 2
    expect_contains "$output" '^KIND=zookeeper：应为 consul、etcd、nacos、eureka 中的若干个'
}

kind_is_not_read_by_the_shell() {
    local output
    output=$(make -C "$HERE/.." -n compare-registries BUILD="$BUILD_DIR" KIND='1; echo injected')
    expect_contains "$output" 'compare "\$KIND"$'
    ! grep -q '^injected' <<<"$output" || fail "the shell reads KIND: $output"
}

without_java_there_is_one_line_for_each_kind() {
    local output code=0
    output=$(PATH=$(path_without_java) compare nacos,eureka 2>&1) || code=$?
    expect_eq "exit code" $code 77
    expect_eq "lines" "$(wc -l <<<"$output")" 2
    expect_contains "$output" '^Nacos is left out: it needs a JDK 17 or later and Maven'
    expect_contains "$output" '^Eureka is left out: '
    nothing_left
}

settings_of_the_user_do_not_reach_it() {
    local -x LB_POLICY=nonsense SERVICE_NAME=other REGISTRIES=nonsense ETCD_ENDPOINTS=nonsense SERVICE_ID=other CHECK_INTERVAL=1h DISCOVERY_CACHE_TTL=1h
    ends_cleanly INT etcd 'one minute in which nothing changes'
}

it_says_first_how_long_it_takes() {
    ends_cleanly TERM consul,etcd 'Consul: 3 servers'
    expect_contains "$(head -n 1 "$DIR/shown")" '^Measuring Consul etcd: this takes about [0-9]+ minutes\.'
}

# Maven, and a JDK that is there, are stand-ins.
starts_to_fetch() {
    local name
    rm -f "$DIR/fetches" # of the last run
    mkdir -p "$DIR/java"
    for name in java javac; do printf '#!/bin/sh\necho "a version \\"17.0\\"" >&2\n' >"$DIR/java/$name"; done
    printf '#!/bin/sh\necho x >>"%s/fetches"\nexec perl -e %s\n' "$DIR" \
        "'\$SIG{INT} = sub { exit 130 }; sleep 300'" >"$DIR/java/mvn"
    chmod +x "$DIR"/java/*
    env --default-signal=INT "$MARK" PATH="$DIR/java:$PATH" BUILD="$DIR/fetched" \
        "$HERE/compare/get-servers" >"$DIR/shown" 2>&1 &
    pid=$!
    await "Maven" test -e "$DIR/fetches"
}

kill_9_while_maven_fetches_leaves_nothing() {
    local pid
    starts_to_fetch
    kill -KILL $pid
    nothing_left
}

# As a terminal does it: all of them get the signal, and Maven ends by itself.
ctrl_c_while_maven_fetches_ends_it() {
    local pid code=0
    starts_to_fetch
    processes_left | cut -d / -f 3 | xargs kill -INT
    wait $pid || code=$?
    expect_eq "exit code" $code 130
    nothing_left
    expect_eq "fetches" "$(cat "$DIR/fetches")" x
}

ctrl_c_leaves_nothing() { ends_cleanly INT consul 'one minute in which nothing changes'; }
kill_9_leaves_nothing() { ends_cleanly KILL consul 'one minute in which nothing changes'; }
kill_9_while_servers_start_leaves_nothing() { ends_cleanly KILL etcd 'etcd: 3 servers'; }

run_tests unknown_kind_is_refused \
    unknown_kind_is_refused_in_chinese \
    kind_is_not_read_by_the_shell \
    without_java_there_is_one_line_for_each_kind \
    settings_of_the_user_do_not_reach_it \
    it_says_first_how_long_it_takes \
    ctrl_c_leaves_nothing \
    kill_9_leaves_nothing \
    kill_9_while_servers_start_leaves_nothing \
    kill_9_while_maven_fetches_leaves_nothing \
    ctrl_c_while_maven_fetches_ends_it
