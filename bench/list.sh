# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154 # arrays and variables that bench and its parts share
# Workloads about lists of instances: a long list, idle services, a hung registry, a
# killed instance, one pick. Source this file after stack.sh.

CROWD=${CROWD:-10000}

# ---- Many instances in a registry ------------------------------------------------

send() { # method url: sends stdin as the body
    curl -sf -o /dev/null -X "$1" "$2" --data-binary @-
}

crowd() { # consul|etcd count weight
    awk -v kind="$1" -v port="${port_of[up1]}" -v count="$2" -v weight="$3" -f "$here/crowd.awk"
}

# Writes them as services of an external node into the catalog. Registering so many with
# one agent would measure that agent.
fill_consul() { # count [weight]
    crowd consul "$1" "${2:-1}" | {
        read -r node
        send PUT "$consul/v1/catalog/register" <<<"$node" || die "cannot register the node in Consul"
        while read -r line; do send PUT "$consul/v1/txn" <<<"$line" || die "cannot register the instances in Consul"; done
    }
}

empty_consul() { send PUT "$consul/v1/catalog/deregister" <<<'{"Node":"crowd"}'; }

fill_etcd() { # count [weight]
    crowd etcd "$1" "${2:-1}" | while read -r line; do
        send POST "$etcd/v3/kv/txn" <<<"$line" || die "cannot register the instances in etcd"
    done
}

# All keys from "/services/user-service/" to "/services/user-service0".
empty_etcd() {
    send POST "$etcd/v3/kv/deleterange" <<<'{"key":"L3NlcnZpY2VzL3VzZXItc2VydmljZS8=","range_end":"L3NlcnZpY2VzL3VzZXItc2VydmljZTA="}'
}

# ---- order-service with many instances ---------------------------------------------

start_observed() { # name registry policy
    local etcd_endpoints='' consul_address=http://127.0.0.1:9
    [ "$2" != etcd ] || etcd_endpoints=$etcd
    [ "$2" != consul ] || consul_address=$consul
    new_port "$1"
    mkdir -p "$work/snapshot.$2"
    start "$1" env PAUSE_FILE="$work/pause" LD_PRELOAD="$built/pause.so" PORT="$port" BIND_ADDRESS=127.0.0.1 \
        SERVICE_ADDRESS=127.0.0.1 SERVICE_ID="bench-$1" SERVICE_CHECK=none REGISTER_JITTER=0 DATABASE_URL="$database" \
        CONSUL_HTTP_ADDR="$consul_address" ETCD_ENDPOINTS="$etcd_endpoints" LB_POLICY="$3" \
        DISCOVERY_SNAPSHOT_DIR="$work/snapshot.$2" "$BUILD/order-service"
    await "$1" answers "http://127.0.0.1:$port/health/live" || die "cannot start order-service"
    url_of[$1]=http://127.0.0.1:$port
}

lists_taken() { grep -c 'msg=instances ' "$work/$1.log" || true; }
has_taken() { [ "$(lists_taken "$1")" -ge "$2" ]; }

# The CPU time of all its threads.
cpu_ns() { awk '{ ns += $1 } END { printf "%.0f", ns }' "/proc/${pid_of[$1]}"/task/*/schedstat; }

# The percentage of a core that each process uses on average, in so many seconds.
idle_cpu() { # seconds name...
    local seconds=$1 name before=()
    shift
    for name; do before+=("$(cpu_ns "$name")"); done
    sleep "$seconds"
    for name; do
        awk "BEGIN { printf \"%.2f\\n\", ($(cpu_ns "$name") - ${before[0]}) / $seconds / 1e7 }"
        before=("${before[@]:1}")
    done
}

peak_mb() { awk '$1 == "VmHWM:" { printf "%.1f", $2 / 1024 }' "/proc/${pid_of[$1]}/status"; }

# The longest pause since the last call of this function, in ms.
longest_pause() {
    od -An -t d8 "$work/pause" | awk '{ printf "%.2f", $1 / 1e6 }'
    dd if=/dev/zero of="$work/pause" bs=8 count=1 conv=notrunc status=none
}

# name title command...: measures the time until order-service uses the list that the
# command changes, and the CPU time and longest pause of this, with one request after it.
observe() {
    local name=$1 title=$2 lists before begin
    shift 2
    longest_pause >/dev/null
    lists=$(lists_taken "$name") before=$(cpu_ns "$name")
    "$@"
    begin=$EPOCHREALTIME
    await "$name" has_taken "$name" $((lists + 1)) || die "order-service does not receive the list"
    value 1000 ms "$(awk "BEGIN { printf \"%.0f\", ($EPOCHREALTIME - $begin) * 1000 }")" "$title: in use after"
    answers "${url_of[$name]}/users/123"
    value 1000 ms "$(awk "BEGIN { printf \"%.0f\", ($(cpu_ns "$name") - $before) / 1e6 }")" "$title: CPU time"
    value 10 ms "$(longest_pause)" "$title: longest pause"
}

measure_get() { # name title path
    longest_pause >/dev/null
    answers "${url_of[$1]}$3" || die "$3 fails"
    value 10 ms "$(longest_pause)" "$2: longest pause"
}

bench_list() {
    local kind policy
    cc -O2 -shared -fPIC -o "$built/pause.so" "$here/pause.c" || die "cannot compile pause.c"
    start_redis
    start_user_service up1 on_second "${port_of[redis]}" BIND_ADDRESS=0.0.0.0
    start_consul
    start_etcd
    for kind in consul etcd; do
        policy=consistent_hash # has the largest table to build
        [ "$kind" = consul ] || policy=weighted
        "fill_$kind" "$CROWD"
        start_observed ours "$kind" "$policy"
        await ours has_taken ours 1 || die "order-service does not receive the list"
        answers "${url_of[ours]}/users/123"
        value 1000 ms "$(awk "BEGIN { printf \"%.0f\", $(cpu_ns ours) / 1e6 }")" "$kind, $CROWD: start, first list: CPU time"
        value 10 ms "$(longest_pause)" "$kind, $CROWD: start, first list: pause"
        observe ours "$kind, $CROWD: one changed" "fill_$kind" 1 2
        measure_get ours "$kind, $CROWD: GET /discovery" /discovery
        measure_get ours "$kind, $CROWD: GET .../explain" '/discovery/explain?service=user-service&key=7'
        measure_get ours "$kind, $CROWD: GET /metrics" /metrics
        value 1 % "$(idle_cpu 25 ours)" "$kind, $CROWD: CPU, nothing changes"
        value 10 ms "$(longest_pause)" "$kind, $CROWD: pause, nothing changes"
        observe ours "$kind, $CROWD: all vanish" "empty_$kind"
        measure_get ours "$kind, $CROWD: all missing, GET /discovery" /discovery
        value 64 MB "$(peak_mb ours)" "$kind, $CROWD: peak memory"
        progress list 1 "  $kind: done"
        stop ours
    done
    stop up1 redis consul etcd
}

# ---- Services without requests -------------------------------------------------------

# Two user-services and an order-service, with heartbeats, health checks and watches.
bench_quiet() {
    local interval registries name shares
    start_redis
    for registries in consul consul-and-etcd; do
        start_consul
        [ "$registries" = consul ] && etcd='' || start_etcd
        for interval in 1s 10s; do
            export CHECK_INTERVAL=$interval SERVICE_CHECK=http ETCD_ENDPOINTS=$etcd
            start_user_service up1 on_second "${port_of[redis]}"
            start_user_service up2 on_second "${port_of[redis]}" SERVICE_CHECK=ttl
            start_order_service ours user-service up1 up2
            sleep 3
            mapfile -t shares < <(idle_cpu 20 up1 up2 ours)
            for name in user-service,http user-service,ttl order-service; do
                value 1 % "${shares[0]}" "idle, $registries, CHECK_INTERVAL=$interval: $name"
                shares=("${shares[@]:1}")
            done
            progress quiet 1 "  $registries, CHECK_INTERVAL=$interval: done"
            stop up1 up2 ours
            unset CHECK_INTERVAL SERVICE_CHECK ETCD_ENDPOINTS
        done
        stop consul etcd
    done
    stop redis
}

# ---- A hung registry, a killed instance ----------------------------------------------

bench_consul_hung() {
    local round hung
    start_upstreams
    start_order_service ours user-service up1 up2 up3
    load "${url_of[ours]}" 1 >/dev/null
    for ((round = 1; round <= ROUNDS; round++)); do
        signal STOP consul
        settle consul-hung "$round" hung 1
        measure consul-hung "$round" ours hung
        hung=$rate
        signal CONT consul
        settle consul-hung "$round" healthy 1
        measure consul-hung "$round" ours healthy
        progress consul-hung "$round" "  Consul hung $hung  healthy $rate"
    done
    compare consul-hung hung healthy 0.9 - "order-service, Consul hung / healthy"
    tail_ratio consul-hung hung healthy 1.2 "order-service, p99 with Consul hung / healthy"
    stop ours up1 up2 up3 redis consul
}

picks_of() { # name id
    curl -s -m 2 "${url_of[$1]%/users/*}/discovery" | grep -o "\"id\":\"$2\"[^}]*" | sed 's/.*"picks"://'
}

# kill -9 under load: counts the failed requests, and measures when it was picked for the last time.
bench_killed() {
    local begin now=0 picks before=-1 last=0 failed
    start_upstreams
    start_order_service ours user-service up1 up2 up3
    load "${url_of[ours]}" 1 >/dev/null
    load "${url_of[ours]}" 6 >"$work/killed" &
    sleep 1
    begin=$EPOCHREALTIME
    {
        kill -s KILL "${pid_of[up3]}"
        wait "${pid_of[up3]}"
    } 2>/dev/null
    while [ "$now" -lt 4000 ]; do
        picks=$(picks_of ours bench-up3)
        now=$(awk "BEGIN { printf \"%.0f\", ($EPOCHREALTIME - $begin) * 1000 }")
        [ "$picks" = "$before" ] || last=$now
        before=$picks
    done
    wait $!
    failed=$(awk '{ print $6 }' "$work/killed")
    value 0 requests "${failed:-unknown}" "one of three killed (-9): failed requests"
    value 1000 ms "$last" "one of three killed (-9): last pick of it after"
    stop ours up1 up2 up3 redis consul
}

# ---- One pick --------------------------------------------------------------------------

bench_pick() {
    local policy count _ ns rest limit
    while read -r policy count _ ns rest; do
        limit=100
        case $policy in consistent_hash | least_request) limit=500 ;; esac
        [[ $rest != *slow\ start* ]] || policy+=", a tenth in slow start"
        value "$limit" ns "$ns" "a pick of $count: $policy"
    done < <("$BUILD/bench-pick")
}
