#!/usr/bin/env bash
# Tests `stack` with CLUSTER=3: three real Consul servers, and a client agent beside each
# service. The services are stand-ins.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/tests/private-stack
. "$HERE/tests/private-stack"

members=$RUN_DIR/consul-members
port_of() { awk -F = -v name="$1" '$1 == name { print $2 }' "$RUN_DIR/ports"; }
kv() { curl -fsS --noproxy '*' --max-time 5 "http://127.0.0.1:$(port_of consul-client)/v1/kv/$1" "${@:2}"; }
key_is() { [ "$(kv 'lesson?raw')" = "$1" ]; }
leader() { stack status | awk '$5 == "leader" { print $1 }'; }
counted() { stack status | grep -c "$1"; } # pattern: in how many lines of the status
counts() { [ "$(counted "$1")" = "$2" ]; } # pattern, lines
another_leads_than() { local now; now=$(leader); [ -n "$now" ] && [ "$now" != "$1" ]; }

invalid_cluster_size_is_rejected() {
    local output code=0
    output=$(CLUSTER=2 stack up) || code=$?
    expect_eq "exit code" $code 1
    expect_contains "$output" 'CLUSTER=2: want 3 .* or 1'
}

taken_member_port_is_reported_and_nothing_starts() {
    local port pid output code=0
    mkdir -p "$RUN_DIR"
    keep_ports "$members" consul-server-2
    port=$(cut -d ' ' -f 3 "$members")
    pid=$(occupy "$port")
    await "the listener" port_is_taken "$port"
    output=$(CLUSTER=3 stack up) || code=$?
    kill "$pid"
    expect_eq "exit code" $code 1
    expect_contains "$output" "port $port, for consul-server-2 inside its cluster, is in use by perl \(pid $pid\)"
    expect_eq "pid files" "$(find "$RUN_DIR" -name '*.pid')" ""
}

up_starts_three_servers_and_an_agent_per_service() {
    local output name
    output=$(CLUSTER=3 stack up) || fail "$output"
    expect_contains "$output" "http://127.0.0.1:$CONSUL_PORT/ui/"
    expect_eq "running" "$(counted ' running ')" 13
    await "one leader" counts ' leader$' 1
    await "two followers" counts ' follower$' 2
    expect_contains "$(stack status)" 'consul-client-2 .* beside user-service-2'
    await "all are passing" shows 'passing: user-service 3, order-service 1'
    for name in user-service-2 order-service; do
        output=$(curl -s "http://127.0.0.1:$(port_of "consul-client${name#*-service}")/v1/agent/services")
        expect_eq "registered at the agent beside $name" "$(grep -oE '"ID": ?"[^"]*"' <<<"$output" | cut -d '"' -f 4)" $name
    done
    port_is_taken "$CONSUL_DNS_PORT" || fail "no agent answers DNS queries"
}

up_again_changes_nothing_and_reports_the_cluster() {
    local before output
    before=$(pids)
    output=$(stack up)
    expect_contains "$output" 'already runs as a cluster of three servers.*: make down, then make up'
    expect_contains "$output" 'consul-server-3 already runs on port'
    expect_eq "pids" "$(pids)" "$before"
}

another_cluster_size_needs_down_first() {
    local output code=0
    output=$(CLUSTER=1 stack up) || code=$?
    expect_eq "exit code" $code 1
    expect_contains "$output" "already runs with CLUSTER=3; 'make down' first"
}

# Sets `killed` to the leader that the status names, with the command to kill it. Use it with await:
# on a busy machine the leader may change at this moment.
status_names_the_leader() {
    killed=$(leader)
    [ -n "$killed" ] && shows "$killed. To see another one elected: 'kill -9 $(cut -d ' ' -f 1 "$RUN_DIR/$killed.pid")'"
}

killed_leader_is_replaced_and_can_rejoin() {
    local killed
    await "a write" kv lesson -X PUT -d 3
    await "the leader's name" status_names_the_leader
    kill -KILL "$(cut -d ' ' -f 1 "$RUN_DIR/$killed.pid")"
    await "another leader" another_leads_than "$killed"
    await "writes" kv lesson/two -X PUT -d x
    expect_contains "$(stack status)" "$killed .* stopped"
    expect_contains "$(stack consul-start)" "$killed runs on port"
    await "two followers" counts ' follower$' 2
}

consul_cluster_keeps_its_data_over_a_restart() {
    stack consul-stop
    expect_eq "running" "$(counted ' running ')" 6
    expect_contains "$(stack status)" 'Consul has no leader'
    expect_contains "$(stack consul-stop)" 'is not running'
    expect_contains "$(stack consul-start)" 'kept its data'
    await "the key" key_is 3
    await "all are passing" shows 'user-service 3, order-service 1'
}

down_leaves_nothing_running() {
    cp "$RUN_DIR/ports" "$DIR/ports"
    stack down
    await "the end of all" nothing_left "$DIR/ports"
    expect_eq "pid files" "$(find "$RUN_DIR" -name '*.pid')" ""
}

up_after_down_keeps_cluster_data_on_another_port() {
    CONSUL_PORT=$(free_ports 1) CLUSTER=3 stack up
    [ "$(port_of consul-client)" != "$CONSUL_PORT" ] || fail "the port has not changed"
    await "the key" key_is 3
    (unset CONSUL_PORT && stack down)
}

run_tests invalid_cluster_size_is_rejected \
    taken_member_port_is_reported_and_nothing_starts \
    up_starts_three_servers_and_an_agent_per_service \
    up_again_changes_nothing_and_reports_the_cluster \
    another_cluster_size_needs_down_first \
    killed_leader_is_replaced_and_can_rejoin \
    consul_cluster_keeps_its_data_over_a_restart \
    down_leaves_nothing_running \
    up_after_down_keeps_cluster_data_on_another_port
