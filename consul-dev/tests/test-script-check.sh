#!/usr/bin/env bash
# Tests script-check/redis.hcl with a real Consul and a real Redis.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/lib.sh
. "$HERE/lib.sh"

CONSUL=$("$HERE/get-consul")
export CONSUL
mapfile -t ports < <(free_ports 2)
http=${ports[0]}
export REDIS_PORT=${ports[1]} DIE_WITH_PARENT=1
cd "$ROOT"
pids=()

cleanup() {
    local pid
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
}

run() { # log, command...
    "${@:2}" >"$DIR/$1" 2>&1 </dev/null &
    pids+=($!)
    disown # so that bash does not report its end
}

get() { curl -fsS --noproxy '*' --max-time 5 "http://127.0.0.1:$http$1"; }
redis_is() { # status, pattern in what the script printed
    local check
    check=$(get '/v1/health/checks/redis' | tr -d '\n')
    [[ $check =~ \"Status\":\ *\"$1\" && $check =~ \"Output\":\ *\"[^\"]*$2 ]]
}

register() { # body: prints Consul's answer and its status
    curl -s --noproxy '*' --max-time 5 -w ' %{http_code}' -X PUT -d "$1" "http://127.0.0.1:$http/v1/agent/service/register"
}

run redis.log "$HERE/run-redis" "$DIR/redis" "$REDIS_PORT"
redis=$!
run consul.log "$HERE/run-consul" "$DIR/consul" "$http" -dev -config-file=consul-dev/script-check/redis.hcl

script_that_exits_with_0_is_passing() {
    await "passing" redis_is passing PONG
}

hung_server_with_open_port_is_critical_with_reason() {
    kill -STOP "$redis"
    await "critical" redis_is critical "port $REDIS_PORT: it hangs"
    kill -CONT "$redis"
    await "passing again" redis_is passing PONG
}

script_check_over_http_is_rejected_and_not_run() {
    local script="{\"Args\":[\"touch\",\"$DIR/run-by-a-stranger\"],\"Interval\":\"1s\"}"
    expect_contains "$(register "{\"Name\":\"evil\",\"Check\":$script}")" 'Scripts are disabled.* (400|500)$'
    expect_contains "$(register '{"Name":"harmless","Check":{"TTL":"10s"}}')" '200$'
    [ ! -e "$DIR/run-by-a-stranger" ] || fail "the script was run"
    expect_contains "$(get /v1/agent/services)" harmless
    [[ $(get /v1/agent/services) != *evil* ]] || fail "the service was registered"
}

agent_without_scripts_enabled_rejects_script_check() {
    local code=0
    grep -v '^enable_local' "$HERE/script-check/redis.hcl" >"$DIR/disabled.hcl"
    timeout 120 "$HERE/run-consul" "$DIR/other" "$(free_ports 1)" -dev -config-file="$DIR/disabled.hcl" \
        >"$DIR/other.log" 2>&1 || code=$?
    expect_eq "exit code" $code 1
    expect_contains "$(cat "$DIR/other.log")" 'Scripts are disabled on this agent'
}

run_tests script_that_exits_with_0_is_passing \
    hung_server_with_open_port_is_critical_with_reason \
    script_check_over_http_is_rejected_and_not_run \
    agent_without_scripts_enabled_rejects_script_check
