#!/usr/bin/env bash
# Runs all five pitfalls on real servers to their end: each exits with 0 within a minute, measures what it claims, and
# leaves nothing behind.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/tests/pitfalls
. "$HERE/tests/pitfalls"

deep_check_finds_the_broken_instance() {
    passes 1 '^✓ With the shallow check [1-9][0-9]* calls failed, .* order-service retries on another instance: 0\.$'
}
random_delay_flattens_the_storm() {
    passes 2 '^✓ 100 instances that register again at once: [1-9][0-9]* registrations .* up to 10 s: [0-9]+\.$'
}
watch_needs_few_queries_and_is_not_stale() {
    passes 3 '^✓ TTL 1 s, 10 s, 300 s: .* of the calls went to .* the watch: [0-9.]+ %, with [0-9.]+\.$'
}
empty_list_ends_the_lessons_client_only() {
    passes 4 '^✓ On the first empty list .* ended, after [0-9]+ calls; .*\([1-9][0-9]* calls, 0 failed\), and replied 503'
}
empty_list_is_explained_in_chinese() {
    LC_ALL=zh_CN.UTF-8 passes 4 '^✓ 遇到第一个空列表，课程的调用方就退出了（共调用 [0-9]+ 次）'
}
ctrl_c_in_a_partition_leaves_nothing() { ends_cleanly INT 5 'is cut'; }
kill_9_while_all_register_again_leaves_nothing() { ends_cleanly KILL 2 'registered again: '; }
closed_output_leaves_nothing() {
    local code=0
    pitfall 4 >&- 2>&- || code=$?
    expect_eq "exit code" $code 0
    nothing_left
}
minority_commits_nothing() {
    passes 5 '^✓ The minority accepted 0 of [1-9][0-9]* writes and no consistent read; .* never both committed\.$'
}

run_tests deep_check_finds_the_broken_instance \
    random_delay_flattens_the_storm \
    watch_needs_few_queries_and_is_not_stale \
    empty_list_ends_the_lessons_client_only \
    empty_list_is_explained_in_chinese \
    closed_output_leaves_nothing \
    ctrl_c_in_a_partition_leaves_nothing \
    kill_9_while_all_register_again_leaves_nothing \
    minority_commits_nothing
