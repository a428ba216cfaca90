# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154 # arrays and variables that bench and its parts share
# Servers as child processes, their CPU time, and one run of wrk. To be sourced
# after consul-dev/lib.sh.
#
# A server has a name; all of this goes by the name:
#     pid_of[name]    its process
#     url_of[name]    where wrk asks it
#     behind[name]    names of the servers that work for it, for their CPU time
# Samples are lines of text, one a run, in $work/samples:
#     workload round server requests seconds bytes p50_us p99_us failed cpu_s behind_s

declare -A pid_of url_of behind stop_signal

# ---- Processes ---------------------------------------------------------------

# Pinned (PIN=1): the server that is measured alone on the first core, all that
# works with it (wrk, its backends) on the second.
on_first() { [ "$PIN" = 1 ] && echo taskset -c 0; }
on_second() { [ "$PIN" = 1 ] && echo taskset -c 1; }

# The kernel ends it should the benchmark itself be killed.
start() { # name command...
    local name=$1
    shift
    setpriv --pdeathsig KILL "$@" >"$work/$name.log" 2>&1 &
    pid_of[$name]=$!
}

family() { # pid...: these and all their descendants
    local pid
    for pid; do
        echo "$pid"
        # shellcheck disable=SC2046
        family $(cat "/proc/$pid"/task/*/children 2>/dev/null)
    done
}

signal() { # signal name...
    local name sig=$1
    shift
    for name; do
        # shellcheck disable=SC2046
        [ -z "${pid_of[$name]:-}" ] || kill -s "$sig" $(family "${pid_of[$name]}") 2>/dev/null || true
    done
}

# All at once, then each is waited for; after 10 s it is killed. A process that was
# stopped (SIGSTOP) cannot end, so it is continued.
stop() { # name...
    local name i
    for name; do
        [ -n "${pid_of[$name]:-}" ] || continue
        kill -s "${stop_signal[$name]:-TERM}" "${pid_of[$name]}" 2>/dev/null
        signal CONT "$name"
    done
    for name; do
        [ -n "${pid_of[$name]:-}" ] || continue
        for ((i = 0; i < 100; i++)); do
            start_time "${pid_of[$name]}" >/dev/null || break
            sleep 0.1
        done
        signal KILL "$name"
        wait "${pid_of[$name]}" 2>/dev/null
        unset "pid_of[$name]"
    done
}

answers() { curl -sf -o /dev/null -m 2 "$1"; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Until a condition holds, at most 30 s, and not longer than the server lives.
await() { # name command...
    local name=$1 i
    shift
    for ((i = 0; i < 300; i++)); do
        "$@" && return 0
        start_time "${pid_of[$name]}" >/dev/null || break
        sleep 0.1
    done
    say "$name did not come up; the end of its log:"
    tail -n 5 "$work/$name.log" >&2
    return 1
}

# ---- CPU and memory ----------------------------------------------------------

# User and system time in clock ticks (10 ms), with that of children which ended:
# PostgreSQL's backends come and go.
cpu_ticks() { # name...
    local name
    for name; do
        [ -z "${pid_of[$name]:-}" ] || family "${pid_of[$name]}"
    done | while read -r pid; do cat "/proc/$pid/stat" 2>/dev/null; done |
        awk '{ sub(/^.*\) /, ""); ticks += $12 + $13 + $14 + $15 } END { print ticks + 0 }'
}

rss_kb() { # name
    awk '$1 == "VmRSS:" { print $2 }' "/proc/${pid_of[$1]}/status"
}

# ---- Runs --------------------------------------------------------------------

load() { # url seconds: prints what users.lua's done() says, without its first word
    # shellcheck disable=SC2046
    BENCH_IDS=$ids $(on_second) wrk -t "$WRK_THREADS" -c "$CONNECTIONS" -d "${2}s" --timeout 10s -s "$here/users.lua" "$1" |
        sed -n 's/^RESULT //p'
}

# One run, kept as a sample. Sets the global rate.
measure() { # workload round name [as]
    local before behind_before result now behind_now server=$3
    # shellcheck disable=SC2086
    before=$(cpu_ticks "$server") behind_before=$(cpu_ticks ${behind[$server]:-})
    result=$(load "${url_of[$server]}" "$LENGTH")
    # shellcheck disable=SC2086
    now=$(cpu_ticks "$server") behind_now=$(cpu_ticks ${behind[$server]:-})
    [ -n "$result" ] || die "wrk gave no result for $server"
    echo "$1 $2 ${4:-$server} $result $((now - before)) $((behind_now - behind_before))" |
        awk '{ $10 /= 100; $11 /= 100; print }' >>"$work/samples"
    rate=$(awk '{ printf "%.1fk", $1 / $2 / 1000 }' <<<"$result")
}

# Rounds in turn: what disturbs the machine for longer disturbs all of a round.
rounds() { # workload name...
    local workload=$1 round name line
    shift
    for name; do load "${url_of[$name]}" 1 >/dev/null; done
    for ((round = 1; round <= ROUNDS; round++)); do
        line=''
        for name; do
            measure "$workload" "$round" "$name"
            line="$line  $name $rate"
        done
        progress "$workload" "$round" "$line"
    done
}

progress() { printf '  %-11s round %d/%d %s\n' "$1" "$2" "$ROUNDS" "$3"; }

# ---- Who else was at work ----------------------------------------------------

# Clock ticks that all cores together have worked, and that they could have.
machine_ticks() {
    awk '$1 == "cpu" { print $2 + $3 + $4 + $7 + $8 + $9, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat
}

# The share of the machine that went to others since the given machine_ticks, in
# per cent. Ours is what this shell and its children used, all ended by now.
share_of_others() { # worked could
    local worked could
    read -r worked could < <(machine_ticks)
    awk -v worked=$((worked - $1)) -v could=$((could - $2)) '{
        sub(/^.*\) /, "")
        printf "%.0f", (worked - $12 - $13 - $14 - $15) * 100 / could
    }' "/proc/$$/stat"
}
