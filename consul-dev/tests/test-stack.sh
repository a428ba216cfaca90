#!/usr/bin/env bash
# `stack` on real Consul, PostgreSQL and Redis, with stand-ins for the services.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/tests/private-stack
. "$HERE/tests/private-stack"

status_of_nothing_says_that_nothing_runs() {
    expect_contains "$(stack status)" 'nothing runs'
    expect_contains "$(stack down)" 'nothing runs'
}

a_taken_port_is_named_with_its_variable_and_nothing_is_started() {
    local pid output code=0
    pid=$(occupy $((USER_PORT + 1)))
    await "the listener" port_is_taken $((USER_PORT + 1))
    output=$(stack up) || code=$?
    kill "$pid"
    expect_eq "exit code" $code 1
    expect_contains "$output" "port $((USER_PORT + 1)), for user-service-2, is taken by perl \(pid $pid\).*USER_PORT="
    expect_eq "pid files" "$(find "$RUN_DIR" -name '*.pid')" ""
}

a_service_that_cannot_start_is_shown_with_its_log_and_all_is_taken_back() {
    local output code=0
    printf '#!/bin/sh\necho no such luck >&2\nexit 1\n' >"$DIR/broken"
    chmod +x "$DIR/broken"
    ln -sfn "$DIR/broken" "$BUILD/order-service"
    output=$(stack up) || code=$?
    ln -sfn "$HERE/tests/stand-in" "$BUILD/order-service"
    expect_eq "exit code" $code 1
    expect_contains "$output" 'order-service ended instead of starting'
    expect_contains "$output" 'no such luck'
    await "the end of all" nothing_left "$RUN_DIR/ports"
}

up_starts_all_and_seeds_the_database() {
    local output url
    output=$(stack up) || fail "$output"
    expect_contains "$output" "http://127.0.0.1:$CONSUL_PORT/ui/"
    expect_eq "running" "$(stack status | grep -c ' running ')" 7
    await "all are passing" shows 'passing: user-service 3, order-service 1'
    url=$(curl -s "http://127.0.0.1:$USER_PORT/health" | grep -o 'postgresql://[^"]*')
    expect_eq "users" "$(psql -XAtd "$url" -c 'select count(*) from users')" 1000
}

up_again_changes_nothing() {
    local before
    before=$(pids)
    expect_contains "$(stack up)" 'order-service already runs on port'
    expect_eq "pids" "$(pids)" "$before"
}

up_with_another_port_says_what_runs_already() {
    local output code=0
    output=$(ORDER_PORT=1 stack up) || code=$?
    expect_eq "exit code" $code 1
    expect_contains "$output" "already runs with ORDER_PORT=$ORDER_PORT"
}

is_down() { # name...
    local name status
    status=$(stack status)
    for name; do grep -qE "$name .* stopped" <<<"$status" || return 1; done
}

up_restarts_what_has_died_where_it_was() {
    local name before
    before=$(pids)
    for name in redis user-service-2; do kill -KILL "$(cut -d ' ' -f 1 "$RUN_DIR/$name.pid")"; done
    await "both are gone" is_down redis user-service-2
    expect_contains "$(stack up)" 'redis runs on port'
    expect_eq "running" "$(stack status | grep -c ' running ')" 7
    [ "$(pids)" != "$before" ] || fail "the same pids as before"
}

a_pid_that_belongs_to_another_by_now_is_left_alone() {
    local pid start
    read -r pid start <"$RUN_DIR/user-service-3.pid"
    echo "$$ $start" >"$RUN_DIR/user-service-3.pid"
    expect_contains "$(stack status)" 'user-service-3 .* stopped'
    echo "$pid $start" >"$RUN_DIR/user-service-3.pid"
    expect_contains "$(stack status)" 'user-service-3 .* running'
}

consul_stops_and_comes_back_empty() {
    stack consul-stop
    expect_contains "$(stack status)" 'consul .* stopped'
    expect_contains "$(stack consul-stop)" 'does not run'
    stack consul-start
    expect_contains "$(stack consul-start)" 'already runs'
    await "registered again" shows 'user-service 3, order-service 1'
}

down_ends_even_what_is_held_and_leaves_nothing_running() {
    local output
    cp "$RUN_DIR/ports" "$DIR/ports"
    expect_contains "$(left_over "$DIR/ports")" 'port '
    kill -STOP "$(cut -d ' ' -f 1 "$RUN_DIR/user-service-1.pid")"
    output=$(stack down) || fail "$output"
    expect_contains "$(cat "$RUN_DIR/user-service-1.log")" drained
    await "the end of all" nothing_left "$DIR/ports"
    expect_eq "pid files" "$(find "$RUN_DIR" -name '*.pid')" ""
    expect_contains "$(stack down)" 'nothing runs'
}

up_after_down_finds_the_database_as_it_was() {
    stack up
    stack down
}

run_tests status_of_nothing_says_that_nothing_runs \
    a_taken_port_is_named_with_its_variable_and_nothing_is_started \
    a_service_that_cannot_start_is_shown_with_its_log_and_all_is_taken_back \
    up_starts_all_and_seeds_the_database \
    up_again_changes_nothing \
    up_with_another_port_says_what_runs_already \
    up_restarts_what_has_died_where_it_was \
    a_pid_that_belongs_to_another_by_now_is_left_alone \
    consul_stops_and_comes_back_empty \
    down_ends_even_what_is_held_and_leaves_nothing_running \
    up_after_down_finds_the_database_as_it_was
