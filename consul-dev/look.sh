# shellcheck shell=bash
# Shows the state of the stack: which servers and services answer, which Consul server
# leads, and commands to try. `stack` sources this file and defines the names and ports.

# ---- Readiness ---------------------------------------------------------------

any_of() { # name...
    local name
    for name; do is_running "$name" && return 0; done
    return 1
}

any_runs() { any_of consul "${CLUSTER_OF_3[@]}" "${STORES[@]}" "${SERVICES[@]}"; }

# (-q: without the user's .curlrc)
get() { curl -q -fsS --noproxy '*' --max-time 2 "http://127.0.0.1:$1"; }
database_url() { echo "postgresql://lesson:lesson@127.0.0.1:${PORT[postgres]}/lesson"; }

ready_consul() { get "${PORT[$1]}/v1/status/leader" | grep -q :; }
ready_consul-server() { ready_consul "$1"; }
ready_consul-client() { ready_consul "$1"; }
ready_postgres() { psql -X -q -d "$(database_url)?connect_timeout=2" -c 'select 1'; }
ready_redis() {
    local reply
    reply=$(timeout 2 redis-cli -p "${PORT[redis]}" ping 2>&1) || true
    [[ $reply == *PONG* ]] || { echo "$reply" >&2; return 1; }
}
ready_user-service() { get "${PORT[$1]}/health/live"; }
ready_order-service() { get "${PORT[$1]}/health/live"; }

# A server that has not answered for 3 s may never do so: then the reason is shown at once, not after the whole time.
await_ready() { # name, seconds
    local begin=${EPOCHREALTIME/[.,]/} ms problem told=''
    while ! problem=$("ready_${1%-[0-9]}" "$1" 2>&1 >/dev/null); do
        ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000)) problem=${problem##*$'\n'}
        if ! is_running "$1"; then log_tail "$1" "ended during its start"; fi
        if [ $ms -gt $(($2 * 1000)) ]; then log_tail "$1" "is not ready after $2 s${problem:+ ($problem)}"; fi
        if [ -z "$told" ] && [ $ms -gt 3000 ]; then
            told=1
            say "waiting for $1, at most $2 s${problem:+: $problem}"
        fi
        sleep 0.05
    done
    say "$1 runs on port ${PORT[$1]} (pid $(pid_of "$1"))"
}

# The registries of order-service, and whether it is registered there: a line "nacos 1" for each.
registrations() {
    get "${PORT[order-service]}/metrics" 2>/dev/null |
        sed -nE 's/^registration_registered\{registry="([a-z]+)"\} ([01]).*/\1 \2/p'
}

# The registry that is asked for the passing instances: Consul, unless REGISTRIES leaves it out.
asked() {
    local all
    all=$(registrations)
    if [ -z "$all" ] || grep -q '^consul ' <<<"$all"; then echo Consul; else cut -d ' ' -f 1 <<<"$all" | paste -sd , -; fi
}

# Consul prints JSON on one line or, in dev mode, on many lines. What other registries list is seen through order-service.
passing() { # service: the number of its passing instances
    if [ "$(asked)" = Consul ]; then
        get "${PORT[$(agent_of order-service)]}/v1/health/service/$1?passing" 2>/dev/null | grep -oE '"Node": *\{'
    elif [ "$1" = order-service ]; then
        registrations | head -n 1 | grep ' 1$'
    else
        get "${PORT[order-service]}/discovery" 2>/dev/null | grep -o '"status":"passing"'
    fi | wc -l
}

# ---- Status ------------------------------------------------------------------

# The status from /health, and the checks that fail.
health_of() { # name
    local body word failing
    case $1 in
    *-service*)
        # Not get(), which discards the body of a 503.
        body=$(curl -q -s --noproxy '*' --max-time 3 "http://127.0.0.1:${PORT[$1]}/health") ||
            { echo "no reply"; return; }
        word=$(grep -oE '"status": *"[a-z]+"' <<<"$body" | head -n 1 | cut -d '"' -f 4)
        failing=$(grep -oE '"[a-z-]+": *\{"status": *"unhealthy"' <<<"$body" | cut -d '"' -f 2 | paste -sd , || true)
        echo "${word:-no status}${failing:+ (failing: $failing)}"
        ;;
    consul-server-*) role_of "$1" ;;
    consul-client*) echo "$(answers "$1"), beside $(service_beside "$1")" ;;
    *) answers "$1" ;;
    esac
}

answers() { # name
    if "ready_${1%-[0-9]}" "$1" >/dev/null 2>&1; then echo "answers"; else echo "no reply"; fi
}

service_beside() { # name of a client agent
    local name
    for name in "${SERVICES[@]}"; do [ "$(agent_of "$name")" != "$1" ] || echo "$name"; done
}

# The cluster's leader, as one agent reports it. The agent returns the leader's Raft address.
leader_by() { # name of an agent: prints the leader's name, or nothing; 1: no reply
    local address
    address=$(get "${PORT[$1]}/v1/status/leader" 2>/dev/null | tr -d '"') || return 1
    [ -z "$address" ] || awk -v port="${address##*:}" '$2 == port { print $1 }' "$RUN/consul-members"
}

role_of() { # name of a server
    local leader
    leader=$(leader_by "$1") || { echo "no reply"; return; }
    case $leader in
    "$1") echo leader ;;
    '') echo "reports no leader" ;;
    *) echo follower ;;
    esac
}

# For a moment the other servers still report a killed server as the leader. It is not shown.
show_leader() {
    local name leader
    for name in "${CONSULS[@]}"; do
        is_running "$name" && leader=$(leader_by "$name") && [ -n "$leader" ] && is_running "$leader" || continue
        echo "Consul's leader is $leader. To see another one elected: 'kill -9 $(pid_of "$leader")';" \
            "then 'make consul-start' starts it again"
        return
    done
    echo "Consul has no leader: an election needs two of the three servers and some seconds;" \
        "'make consul-start' starts the stopped ones"
}

status() {
    local name
    choose recorded
    if ! any_runs; then
        say "nothing runs; 'make up' starts all"
        return
    fi
    printf '%-16s %-8s %-6s %-9s %s\n' NAME PID PORT STATE HEALTH
    for name in "${ALL[@]}"; do
        if is_running "$name"; then
            printf '%-16s %-8s %-6s %-9s %s\n' "$name" "$(pid_of "$name")" "${PORT[$name]}" running "$(health_of "$name")"
        else
            printf '%-16s %-8s %-6s %s\n' "$name" - "${PORT[$name]}" stopped
        fi
    done
    ! is_cluster || show_leader
    if [ "$(asked)" != Consul ] || is_running "$(agent_of order-service)"; then
        echo "Instances that are passing: user-service $(passing user-service), order-service $(passing order-service)," \
            "in $(asked)"
    fi
    urls
}

urls() {
    cat <<END

  Consul's web UI                     http://127.0.0.1:${PORT[$(agent_of order-service)]}/ui/
  the instances in DNS (dnsutils)     dig @127.0.0.1 -p ${PORT[consul-dns]} user-service.service.consul SRV
  a user, through discovery           curl -i http://127.0.0.1:${PORT[order-service]}/users/123
  an order with its user              curl http://127.0.0.1:${PORT[order-service]}/orders/1
  the known instances                 curl http://127.0.0.1:${PORT[order-service]}/discovery
  the next choice, and why            curl 'http://127.0.0.1:${PORT[order-service]}/discovery/explain?service=user-service'
  a deep health check                 curl http://127.0.0.1:${PORT[user-service-1]}/health
  logs                                tail -f $RUN/*.log
END
}
