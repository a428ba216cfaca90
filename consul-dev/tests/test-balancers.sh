#!/usr/bin/env bash
# Tests the load balancers of consul-dev/proxy in front of stand-ins for user-service: HAProxy follows the SRV records
# of a real Consul, nginx has a fixed list. The tests of a balancer that is not installed are skipped.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/lib.sh
. "$HERE/lib.sh"
PATH=$PATH:/usr/sbin

CONSUL=$("$HERE/get-consul")
export CONSUL
mapfile -t ports < <(free_ports 7)
http=${ports[0]} dns=${ports[1]} haproxy=${ports[2]} nginx=${ports[3]} users=("${ports[@]:4}")

run() { # name command...
    local name=$1
    shift
    "$@" >>"$DIR/$name.log" 2>&1 &
    echo $! >"$DIR/$name.pid"
    disown # no message when it is killed
}
run_user() { # 0, 1 or 2
    run "user-$1" env PORT="${users[$1]}" SERVICE_ID="user-service-$1" DATABASE_URL=none \
        CONSUL_HTTP_ADDR="http://127.0.0.1:$http" "$HERE/tests/stand-in"
}
end() { # name
    kill -s KILL "$(cat "$DIR/$1.pid")"
    rm "$DIR/$1.pid"
}
cleanup() {
    local file
    for file in "$DIR"/*.pid; do [ ! -e "$file" ] || kill -s KILL "$(cat "$file")" 2>/dev/null || true; done
}

has() { type -P "$1" >/dev/null || { echo "$1 is not installed: run consul-dev/install-deps balancers"; return 77; }; }

# Makes 12 calls. Prints the ports of the instances that answered them, sorted; and the status of calls that failed.
answered() { # port of the balancer
    local i
    for i in {1..12}; do
        curl -q -s --noproxy '*' -m 5 -o /dev/null -D - "http://127.0.0.1:$1/users/$i" |
            tr -d '\r' | awk 'NR == 1 && $2 != 200 { print "status", $2 } tolower($1) == "x-upstream:" { print $NF }'
    done | sed 's/^127.0.0.1://' | sort -u | paste -sd ' '
}
answer_is() { [ "$(answered "$1")" = "$2" ]; } # port of the balancer, what answered() prints
ports_of() { printf '%s\n' "$@" | sort | paste -sd ' '; }
# The address of the client that the instance is told. If it is told none, it takes each client for one on its machine.
client() { # port of the balancer
    curl -q -s --noproxy '*' -m 5 -o /dev/null -D - "http://127.0.0.1:$1/control" | tr -d '\r' |
        awk 'tolower($1) == "x-from:" { print $2 }'
}
maintenance() { # of instance 1: true or false
    curl -q -fsS --noproxy '*' -X PUT "http://127.0.0.1:$http/v1/agent/service/maintenance/user-service-1?enable=$1"
}

haproxy_calls_the_instances_that_consul_lists() {
    has haproxy
    run haproxy "$HERE/run-haproxy" "$haproxy" "127.0.0.1:$dns"
    await "calls of both" answer_is "$haproxy" "$(ports_of "${users[@]:0:2}")"
    expect_eq "the client" "$(client "$haproxy")" 127.0.0.1
}

haproxy_calls_a_new_instance() {
    has haproxy
    run_user 2
    await "calls of all three" answer_is "$haproxy" "$(ports_of "${users[@]}")"
}

haproxy_calls_no_instance_in_maintenance() {
    has haproxy
    maintenance true
    await "calls of the two others" answer_is "$haproxy" "$(ports_of "${users[0]}" "${users[2]}")"
    maintenance false
    await "calls of all three" answer_is "$haproxy" "$(ports_of "${users[@]}")"
}

killed_instance_fails_no_call_through_haproxy() {
    has haproxy
    end user-2
    expect_eq "answered" "$(answered "$haproxy")" "$(ports_of "${users[@]:0:2}")"
}

# Without `hold` in haproxy.cfg HAProxy drops all instances 30 s after the last answer.
haproxy_keeps_its_list_while_consul_is_down() {
    has haproxy
    end consul
    sleep 35
    expect_eq "answered" "$(answered "$haproxy")" "$(ports_of "${users[@]:0:2}")"
}

killed_instance_fails_no_call_through_nginx() {
    has nginx
    run_user 2
    run nginx env ONE_PROCESS=1 "$HERE/run-nginx" "$DIR/nginx" "$nginx" "${users[@]/#/127.0.0.1:}"
    await "calls of all three" answer_is "$nginx" "$(ports_of "${users[@]}")"
    expect_eq "the client" "$(client "$nginx")" 127.0.0.1
    end user-2
    expect_eq "answered" "$(answered "$nginx")" "$(ports_of "${users[@]:0:2}")"
}

run consul env DNS_PORT="$dns" "$HERE/run-consul" "$DIR/consul" "$http"
run_user 0
run_user 1

run_tests haproxy_calls_the_instances_that_consul_lists \
    haproxy_calls_a_new_instance \
    haproxy_calls_no_instance_in_maintenance \
    killed_instance_fails_no_call_through_haproxy \
    haproxy_keeps_its_list_while_consul_is_down \
    killed_instance_fails_no_call_through_nginx
