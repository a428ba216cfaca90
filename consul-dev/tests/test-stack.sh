#!/usr/bin/env bash
# Tests `stack` with a real Consul, PostgreSQL and Redis. The services are stand-ins.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/tests/private-stack
. "$HERE/tests/private-stack"

status_reports_when_nothing_runs() {
    expect_contains "$(stack status)" 'nothing runs'
    expect_contains "$(stack down)" 'nothing runs'
}

up_reports_a_taken_port_and_starts_nothing() {
    local pid output code=0
    pid=$(occupy $((USER_PORT + 1)))
    await "the listener" port_is_taken $((USER_PORT + 1))
    output=$(stack up) || code=$?
    kill "$pid"
    expect_eq "exit code" $code 1
    expect_contains "$output" "port $((USER_PORT + 1)), for user-service-2, is in use by perl \(pid $pid\).*USER_PORT="
    expect_eq "pid files" "$(find "$RUN_DIR" -name '*.pid')" ""
}

up_reports_a_dns_port_taken_for_udp() {
    local pid output code=0
    pid=$(occupy_udp "$CONSUL_DNS_PORT")
    await "the listener" udp_port_is_taken "$CONSUL_DNS_PORT"
    output=$(stack up) || code=$?
    kill "$pid"
    expect_eq "exit code" $code 1
    expect_contains "$output" "port $CONSUL_DNS_PORT, for consul-dns, is in use by perl \(pid $pid\).*CONSUL_DNS_PORT="
    expect_eq "pid files" "$(find "$RUN_DIR" -name '*.pid')" ""
}

failed_start_shows_the_log_and_stops_the_rest() {
    local output code=0
    printf '#!/bin/sh\necho no such luck >&2\nexit 1\n' >"$DIR/broken"
    chmod +x "$DIR/broken"
    ln -sfn "$DIR/broken" "$BUILD/order-service"
    output=$(stack up) || code=$?
    ln -sfn "$HERE/tests/stand-in" "$BUILD/order-service"
    expect_eq "exit code" $code 1
    expect_contains "$output" 'order-service ended during its start'
    expect_contains "$output" 'no such luck'
    await "the end of all" nothing_left "$RUN_DIR/ports"
}

up_starts_all_and_loads_the_seed_data() {
    local output url
    output=$(stack up) || fail "$output"
    expect_contains "$output" "http://127.0.0.1:$CONSUL_PORT/ui/"
    expect_eq "running" "$(stack status | grep -c ' running ')" 7
    await "all are passing" shows 'passing: user-service 3, order-service 1'
    expect_contains "$(stack status)" "dig @127.0.0.1 -p $CONSUL_DNS_PORT user-service.service.consul SRV"
    expect_eq "DNS over TCP and UDP" "$(port_is_taken "$CONSUL_DNS_PORT" && udp_port_is_taken "$CONSUL_DNS_PORT" && echo both)" both
    url=$(curl -s "http://127.0.0.1:$USER_PORT/health" | grep -o 'postgresql://[^"]*')
    expect_eq "users" "$(psql -XAtd "$url" -c 'select count(*) from users')" 1000
}

up_again_changes_nothing() {
    local before
    before=$(pids)
    expect_contains "$(stack up)" 'order-service already runs on port'
    expect_eq "pids" "$(pids)" "$before"
}

up_with_another_port_is_rejected_while_running() {
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

up_restarts_killed_processes_on_their_ports() {
    local name before
    before=$(pids)
    for name in redis user-service-2; do kill -KILL "$(cut -d ' ' -f 1 "$RUN_DIR/$name.pid")"; done
    await "the end of both" is_down redis user-service-2
    expect_contains "$(stack up)" 'redis runs on port'
    expect_eq "running" "$(stack status | grep -c ' running ')" 7
    [ "$(pids)" != "$before" ] || fail "the same pids as before"
}

reused_pid_is_not_taken_for_our_process() {
    local pid start
    read -r pid start <"$RUN_DIR/user-service-3.pid"
    echo "$$ $start" >"$RUN_DIR/user-service-3.pid"
    expect_contains "$(stack status)" 'user-service-3 .* stopped'
    echo "$pid $start" >"$RUN_DIR/user-service-3.pid"
    expect_contains "$(stack status)" 'user-service-3 .* running'
}

consul_starts_again_with_no_data() {
    stack consul-stop
    expect_contains "$(stack status)" 'consul .* stopped'
    expect_contains "$(stack consul-stop)" 'is not running'
    stack consul-start
    expect_contains "$(stack consul-start)" 'already runs'
    await "registered again" shows 'user-service 3, order-service 1'
}

down_ends_a_paused_process_and_leaves_nothing() {
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

up_after_down_keeps_the_database() {
    stack up
    stack down
}

run_tests status_reports_when_nothing_runs \
    up_reports_a_taken_port_and_starts_nothing \
    up_reports_a_dns_port_taken_for_udp \
    failed_start_shows_the_log_and_stops_the_rest \
    up_starts_all_and_loads_the_seed_data \
    up_again_changes_nothing \
    up_with_another_port_is_rejected_while_running \
    up_restarts_killed_processes_on_their_ports \
    reused_pid_is_not_taken_for_our_process \
    consul_starts_again_with_no_data \
    down_ends_a_paused_process_and_leaves_nothing \
    up_after_down_keeps_the_database
