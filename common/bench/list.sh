# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154 # arrays and variables that bench and its parts share
# Workloads about the list of instances itself. To be sourced after stack.sh.

CROWD=${CROWD:-10000}

# ---- A crowd in a registry -------------------------------------------------------

send() { # method url: what standard input has
    curl -sf -o /dev/null -X "$1" "$2" --data-binary @-
}

crowd() { # consul|etcd count weight
    awk -v kind="$1" -v port="${port_of[up1]}" -v count="$2" -v weight="$3" -f "$here/crowd.awk"
}

# As an external node's services, straight into the catalog: to register so many
# with one agent would measure that agent.
fill_consul() { # count [weight]
    crowd consul "$1" "${2:-1}" | {
        read -r node
        send PUT "$consul/v1/catalog/register" <<<"$node" || die "Consul does not take the node"
        while read -r line; do send PUT "$consul/v1/txn" <<<"$line" || die "Consul does not take the crowd"; done
    }
}

empty_consul() { send PUT "$consul/v1/catalog/deregister" <<<'{"Node":"crowd"}'; }

fill_etcd() { # count [weight]
    crowd etcd "$1" "${2:-1}" | while read -r line; do
        send POST "$etcd/v3/kv/txn" <<<"$line" || die "etcd does not take the crowd"
    done
}

# All keys from "/services/user-service/" to "/services/user-service0".
empty_etcd() {
    send POST "$etcd/v3/kv/deleterange" <<<'{"key":"L3NlcnZpY2VzL3VzZXItc2VydmljZS8=","range_end":"L3NlcnZpY2VzL3VzZXItc2VydmljZTA="}'
}

# ---- What order-service makes of it ------------------------------------------------

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
    await "$1" answers "http://127.0.0.1:$port/health/live" || die "order-service does not serve"
    url_of[$1]=http://127.0.0.1:$port
}

lists_taken() { grep -c 'msg=instances ' "$work/$1.log" || true; }
has_taken() { [ "$(lists_taken "$1")" -ge "$2" ]; }

cpu_ns() { awk '{ print $1 }' "/proc/${pid_of[$1]}/schedstat"; }

peak_mb() { awk '$1 == "VmHWM:" { printf "%.1f", $2 / 1024 }' "/proc/${pid_of[$1]}/status"; }

# The longest pause since the last time that it was asked for, in ms.
longest_pause() {
    od -An -t d8 "$work/pause" | awk '{ printf "%.2f", $1 / 1e6 }'
    dd if=/dev/zero of="$work/pause" bs=8 count=1 conv=notrunc status=none
}

# name title command...: what the command changes, and that the next request meets
# it, cost so much CPU time, and such a pause.
observe() {
    local name=$1 title=$2 lists before
    shift 2
    longest_pause >/dev/null
    lists=$(lists_taken "$name") before=$(cpu_ns "$name")
    "$@"
    await "$name" has_taken "$name" $((lists + 1)) || die "order-service does not take the list"
    answers "${url_of[$name]}/users/123"
    value 1000 ms "$(awk "BEGIN { printf \"%.0f\", ($(cpu_ns "$name") - $before) / 1e6 }")" "$title: CPU time"
    value 10 ms "$(longest_pause)" "$title: longest pause"
}

look_at() { # name title path
    longest_pause >/dev/null
    answers "${url_of[$1]}$3" || die "$3 fails"
    value 10 ms "$(longest_pause)" "$2: longest pause"
}

bench_list() {
    local kind before
    cc -O2 -shared -fPIC -o "$built/pause.so" "$here/pause.c" || die "pause.c does not build"
    start_redis
    start_user_service up1 on_second "${port_of[redis]}"
    start_consul
    start_etcd
    for kind in consul etcd; do
        "fill_$kind" "$CROWD"
        start_observed ours "$kind" "$([ "$kind" = consul ] && echo consistent_hash || echo weighted)"
        await ours has_taken ours 1 || die "order-service does not take the list"
        answers "${url_of[ours]}/users/123"
        value 1000 ms "$(awk "BEGIN { printf \"%.0f\", $(cpu_ns ours) / 1e6 }")" "$kind, $CROWD: start and first list, CPU time"
        value 10 ms "$(longest_pause)" "$kind, $CROWD: start and first list, longest pause"
        observe ours "$kind, $CROWD: one changed" "fill_$kind" 1 2
        look_at ours "$kind, $CROWD: GET /discovery" /discovery
        look_at ours "$kind, $CROWD: GET /discovery/explain" '/discovery/explain?service=user-service&key=7'
        before=$(cpu_ns ours)
        sleep 25
        value 1 % "$(awk "BEGIN { printf \"%.2f\", ($(cpu_ns ours) - $before) / 25e7 }")" "$kind, $CROWD: CPU while nothing changes"
        value 10 ms "$(longest_pause)" "$kind, $CROWD: the same, longest pause"
        observe ours "$kind, $CROWD: all vanish" "empty_$kind"
        look_at ours "$kind, $CROWD: GET /discovery, all missing" /discovery
        value 64 MB "$(peak_mb ours)" "$kind, $CROWD: peak memory"
        stop ours
    done
    stop up1 redis consul etcd
}
