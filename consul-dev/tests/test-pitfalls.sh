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

empty_list_ends_the_lessons_client_only() {
    passes 4 '^✓ On the first empty list .* ended, after [0-9]+ calls; .*\([1-9][0-9]* calls, 0 failed\), and replied 503'
}

partition_without_rights_is_skipped() {
    local output code=0
    output=$(env "$MARK" unshare --user --map-root-user bash -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
        exec setpriv --bounding-set=-sys_admin "$0" 5' "$BUILD_DIR/pitfall") || code=$?
    if [ $code = 1 ]; then echo "no user namespaces here" && return 77; fi
    expect_eq "exit code" $code 77
    expect_eq "last line" "$(tail -n 1 <<<"$output")" \
        "skipped: cannot create a network namespace: No space left on device. Run it as root: sudo make pitfall N=5"
    nothing_left
}

ctrl_c_in_a_partition_leaves_nothing() { ends_cleanly INT 5 'is cut'; }
kill_9_in_a_partition_leaves_nothing() { ends_cleanly KILL 5 'is cut'; }
kill_9_in_a_storm_leaves_nothing() { ends_cleanly KILL 2 'registered again: '; }
ctrl_c_under_load_leaves_nothing() { ends_cleanly INT 1 'instance 2 of each service loses'; }

run_tests wrong_number_is_rejected_with_the_list \
    missing_number_is_rejected_in_chinese \
    empty_list_ends_the_lessons_client_only \
    partition_without_rights_is_skipped \
    ctrl_c_in_a_partition_leaves_nothing \
    kill_9_in_a_partition_leaves_nothing \
    kill_9_in_a_storm_leaves_nothing \
    ctrl_c_under_load_leaves_nothing
