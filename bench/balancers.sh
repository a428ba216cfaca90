# shellcheck shell=bash
# shellcheck disable=SC2154 # variables that bench and its parts share
# Workload proxy, second part: client-side and server-side load balancing when something
# fails. order-service, HAProxy and nginx are in front of the same three user-services,
# and each gets the same even load at the same time. Source this file after stack.sh.
#
# A call that fails is sent to another instance, so a caller may not notice a dead one.
# Therefore each balancer is asked how often it has sent a call to that instance.

# ---- How many calls a balancer has sent to one instance -------------------------------

root_of() { echo "http://127.0.0.1:${port_of[$1]}"; } # name

sent_by() { # balancer, user-service
    case $1 in
    ours) picks_of ours "bench-$2" ;;
    nginx) grep -c ":${port_of[$2]}\b" "$work/nginx.calls" ;;
    haproxy) curl -s -m 2 "$(root_of haproxy)/haproxy;csv" | haproxy_column lbtot "${place[$2]}" ;;
    esac
}

# HAProxy has numbered places, which the SRV records fill in any order.
haproxy_place() { # user-service: prints its place, such as user2
    curl -s -m 2 "$(root_of haproxy)/haproxy;csv" | grep -F ",127.0.0.1:${port_of[$1]}," | cut -d, -f 2
}

haproxy_column() { # name of a column, place
    awk -F, -v column="$1" -v place="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i }
        $2 == place { print $at }'
}

haproxy_is_full() { # all three are in DNS and passed HAProxy's own check
    [ "$(curl -s -m 2 "$(root_of haproxy)/haproxy;csv" | cut -d, -f 1,2,18 | grep -c '^users,user[0-9]*,UP$')" = 3 ]
}

# The caller of server-side balancing: an order-service that knows one address, HAProxy's.
start_caller_of_haproxy() {
    runs haproxy && await haproxy haproxy_is_full || return 0
    register_as haproxy-of-users haproxy
    start_order_service via haproxy-of-users haproxy
    behind[via]="haproxy up1 up2 up3"
}

# ---- The scenes ------------------------------------------------------------------------

load_each() { # seconds: starts the load of each balancer in the background
    local name
    loads=()
    for name in "${balancers[@]}"; do
        "$BUILD/bench-steady" "$(root_of "$name")/users/" "$1" >"$work/$name.steady" &
        loads+=($!)
    done
}

# Sends up3 a signal, and polls its counters for some ms. Sets `extra` and `last`: how many calls were sent to it,
# and when the last one was.
signal_and_watch_up3() { # signal ms
    local name now=0 count begin
    local -A before=()
    for name in "${balancers[@]}"; do before[$name]=$(sent_by "$name" up3) extra[$name]=0 last[$name]=0; done
    signal "$1" up3
    begin=$EPOCHREALTIME
    while [ "$now" -lt "$2" ]; do
        for name in "${balancers[@]}"; do
            count=$(sent_by "$name" up3)
            now=$(awk "BEGIN { printf \"%.0f\", ($EPOCHREALTIME - $begin) * 1000 }")
            [ -n "$count" ] && [ "$count" -gt "${before[$name]}" ] || continue
            extra[$name]=$((extra[$name] + count - before[$name])) last[$name]=$now before[$name]=$count
        done
    done
}

balancer_row='%-34s %-14s %6s %7s %11s %6s %11s %11s %9s\n'
note() { # scene: one line for each balancer
    local name calls failed slow slowest failing
    for name in "${balancers[@]}"; do
        read -r calls failed failing slow slowest <"$work/$name.steady"
        # shellcheck disable=SC2059 # the format is above
        printf "$balancer_row" "$1" "${title[$name]}" "$calls" "$failed" "$failing" "$slow" "$slowest" \
            "${extra[$name]:--}" "${last[$name]:--}" >>"$work/balancers"
    done
}

one_instance_fails() { # signal, scene
    local -A extra=() last=() place=()
    runs haproxy && place[up3]=$(haproxy_place up3)
    load_each 16
    sleep 2
    signal_and_watch_up3 "$1" 12000 2>/dev/null # without the shell's message that it was killed
    wait "${loads[@]}"
    note "$2"
    stop up3
    progress proxy 1 "  $2: done"
}

# The restarted balancers are in use again as soon as they answer. order-service has nothing to kill.
balancers_are_killed() {
    local -A extra=() last=()
    load_each 8
    sleep 2
    {
        signal KILL haproxy nginx
        sleep 2
        stop haproxy nginx
    } 2>/dev/null
    start_balancers
    wait "${loads[@]}"
    note "the balancer is killed for 2 s"
}

start_balancers() {
    start_haproxy haproxy
    ACCESS_LOG=$work/nginx.calls start_nginx_proxy nginx up1 up2 up3
    ! runs haproxy || await haproxy haproxy_is_full || true
}

# Consul checks the instances here, each second, as with `make up`.
bench_balancers() {
    local -A title=([ours]=order-service [haproxy]=HAProxy [nginx]=nginx)
    local balancers loads
    export SERVICE_CHECK=http CHECK_INTERVAL=1s
    # shellcheck disable=SC2059 # the format is above
    printf "\n$balancer_row" "200 calls a second through each" "" calls failed "failing, ms" slow "slowest, ms" \
        "sent to it" "until, ms" >"$work/balancers"
    start_upstreams
    start_order_service ours user-service up1 up2 up3
    start_balancers
    mapfile -t balancers < <(named ours haproxy nginx)
    balancers_are_killed
    one_instance_fails KILL "one instance is killed with -9"
    start_user_service up3 on_second "${port_of[redis]}"
    stop nginx # its list is fixed, and the new instance has another port
    stop ours haproxy
    start_order_service ours user-service up1 up2 up3
    start_balancers
    one_instance_fails STOP "one instance hangs (SIGSTOP)"
    unset SERVICE_CHECK CHECK_INTERVAL
    stop ours haproxy nginx up1 up2 redis consul
}
