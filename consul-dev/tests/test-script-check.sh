#!/usr/bin/env bash
# script-check/redis.hcl on a real Consul and a real Redis.
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

a_script_that_exits_with_0_is_passing() {
    await "passing" redis_is passing PONG
}

a_server_that_hangs_with_its_port_open_is_critical_and_says_why() {
    kill -STOP "$redis"
    await "critical" redis_is critical "port $REDIS_PORT: it hangs"
    kill -CONT "$redis"
    await "passing again" redis_is passing PONG
}

over_http_a_script_check_is_refused_and_never_run() {
    local script="{\"Args\":[\"touch\",\"$DIR/run-by-a-stranger\"],\"Interval\":\"1s\"}"
    expect_contains "$(register "{\"Name\":\"evil\",\"Check\":$script}")" 'Scripts are disabled.* (400|500)$'
    expect_contains "$(register '{"Name":"harmless","Check":{"TTL":"10s"}}')" '200$'
    [ ! -e "$DIR/run-by-a-stranger" ] || fail "it was run"
    expect_contains "$(get /v1/agent/services)" harmless
    [[ $(get /v1/agent/services) != *evil* ]] || fail "it was registered"
}

an_agent_that_was_not_told_to_run_scripts_does_not_start_with_one() {
    local code=0
    grep -v '^enable_local' "$HERE/script-check/redis.hcl" >"$DIR/disabled.hcl"
    timeout 120 "$HERE/run-consul" "$DIR/other" "$(free_ports 1)" -dev -config-file="$DIR/disabled.hcl" \
        >"$DIR/other.log" 2>&1 || code=$?
    expect_eq "exit code" $code 1
    expect_contains "$(cat "$DIR/other.log")" 'Scripts are disabled on this agent'
}

run_tests a_script_that_exits_with_0_is_passing \
    a_server_that_hangs_with_its_port_open_is_critical_and_says_why \
    over_http_a_script_check_is_refused_and_never_run \
    an_agent_that_was_not_told_to_run_scripts_does_not_start_with_one
