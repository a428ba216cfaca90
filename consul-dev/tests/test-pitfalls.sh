#!/usr/bin/env bash
# Tests `make pitfall`: its messages, one whole pitfall, and that Ctrl-C and kill -9 leave nothing behind. All five to
# their end: test-outages-pitfalls.sh.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/tests/pitfalls
. "$HERE/tests/pitfalls"

wrong_number_is_rejected_with_the_list() {
    local output code=0
    output=$(pitfall 6 2>&1) || code=$?
    expect_eq "exit code" $code 2
    expect_contains "$output" '^N=6: want a number from 1 to 5'
    expect_contains "$output" 'For example: make pitfall N=1'
}

missing_number_is_rejected_in_chinese() {
    local output code=0
    output=$(LC_ALL=zh_CN.UTF-8 pitfall 2>&1) || code=$?
    expect_eq "exit code" $code 2
    expect_contains "$output" '^N=：应为 1 到 5 的数字'
}

number_is_not_read_by_the_shell() {
    local output
    output=$(dry_run N='1; echo injected')
    expect_contains "$output" 'pitfall "\$N"$'
    ! grep -q injected <<<"$output" || fail "the shell reads N: $output"
}

sudo_keeps_its_rights_for_the_partition_only() {
    expect_contains "$(dry_run N=4 AS_OWNER=env)" 'exec env [^ ]*/pitfall '
    expect_contains "$(dry_run N=5 AS_OWNER=env)" 'exec +[^ ]*/pitfall '
}

reader_that_ends_leaves_nothing() {
    pitfall 4 | head -n 1 >/dev/null || true
    nothing_left
}

# Also with what the user may have set for other programs.
empty_list_ends_the_lessons_client_only() {
    local -x CONSUL_HTTP_ADDR=http://192.0.2.1:1 http_proxy=http://127.0.0.1:9 ALL_PROXY=socks5://127.0.0.1:9 REGISTRY=etcd \
        ETCD_ENDPOINTS=nonsense SERVICE_ID=other SERVICE_NAME=other DISCOVERY_CACHE_TTL=1h REGISTER_JITTER=1h DATABASE_URL=nonsense
    passes 4 '^✓ On the first empty list .* ended, after [0-9]+ calls; .*\([1-9][0-9]* calls, 0 failed\), and replied 503'
}

partition_without_rights_is_skipped() {
    local output code=0
    output=$(env "$MARK" unshare --user --map-root-user bash -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
        exec setpriv --bounding-set=-sys_admin "$0" 5' "$BUILD_DIR/pitfall") || code=$?
    if [ $code = 1 ]; then echo "no user namespaces here" && return 77; fi
    expect_eq "exit code" $code 77
    expect_eq "last line" "$(tail -n 1 <<<"$output")" \
        "skipped: cannot create a network namespace: No space left on device. In a container, it needs the option --privileged."
    nothing_left
}

kill_9_in_a_partition_leaves_nothing() { ends_cleanly KILL 5 'is cut'; }
kill_9_in_a_storm_leaves_nothing() { ends_cleanly KILL 2 'registered: '; }
ctrl_c_under_load_leaves_nothing() { ends_cleanly INT 1 'instance 2 of each service loses'; }

run_tests wrong_number_is_rejected_with_the_list \
    missing_number_is_rejected_in_chinese \
    number_is_not_read_by_the_shell \
    sudo_keeps_its_rights_for_the_partition_only \
    reader_that_ends_leaves_nothing \
    empty_list_ends_the_lessons_client_only \
    partition_without_rights_is_skipped \
    kill_9_in_a_partition_leaves_nothing \
    kill_9_in_a_storm_leaves_nothing \
    ctrl_c_under_load_leaves_nothing
