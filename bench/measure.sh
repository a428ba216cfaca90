# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154 # arrays and variables that bench and its parts share
# Starts servers as child processes, measures their CPU time, and runs wrk. Source this
# file after consul-dev/lib.sh.
#
# Each server has a name, which is the key of these arrays:
#     pid_of[name]    its process
#     url_of[name]    the URL for wrk
#     behind[name]    names of the servers that it uses, to measure their CPU time
# Samples are lines of text, one per run, in $work/samples:
#     workload round server requests seconds bytes p50_us p99_us failed cpu_s behind_s

declare -A pid_of url_of behind stop_signal

# ---- Processes ---------------------------------------------------------------

# With PIN=1 the measured server runs alone on the first core, and all else (wrk, its
# backends) on the second.
on_first() { [ "$PIN" = 1 ] && echo taskset -c 0; }
on_second() { [ "$PIN" = 1 ] && echo taskset -c 1; }

# The kernel kills the server if the benchmark itself is killed.
start() { # name command...
    local name=$1
    shift
    setpriv --pdeathsig KILL "$@" >"$work/$name.log" 2>&1 &
    pid_of[$name]=$!
}

family() { # pid...: prints these and all their descendants
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

# Signals all at once, then waits for each; kills it after 10 s. A process that was
# stopped (SIGSTOP) cannot end, so it is resumed.
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

# Waits until the command succeeds: at most 30 s, and only while the server runs.
await() { # name command...
    local name=$1 i
    shift
    for ((i = 0; i < 300; i++)); do
        "$@" && return 0
        start_time "${pid_of[$name]}" >/dev/null || break
        sleep 0.1
    done
    say "cannot start $name; the end of its log:"
    tail -n 5 "$work/$name.log" >&2
    return 1
}

# ---- CPU and memory ----------------------------------------------------------

# User and system time in clock ticks (10 ms), with that of children that have ended, such
# as PostgreSQL's backends.
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

load() { # url seconds: prints the result line of done() in users.lua, without its first word
    # shellcheck disable=SC2046
    BENCH_IDS=$ids $(on_second) wrk -t "$WRK_THREADS" -c "$CONNECTIONS" -d "${2}s" --timeout 10s -s "$here/users.lua" "$1" |
        sed -n 's/^RESULT //p'
}

# Makes one run and stores a sample. Sets the global rate.
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

# In each round the servers run one after another, so that a longer disturbance of the
# machine affects all of them.
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

# ---- Load of other programs --------------------------------------------------

# Clock ticks of all cores: busy, and in total.
machine_ticks() {
    awk '$1 == "cpu" { print $2 + $3 + $4 + $7 + $8 + $9, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat
}

# The percentage of the machine that other programs have used since the given
# machine_ticks. Our share is that of this shell and its children, which have all ended.
share_of_others() { # busy total
    local busy total
    read -r busy total < <(machine_ticks)
    awk -v busy=$((busy - $1)) -v total=$((total - $2)) '{
        sub(/^.*\) /, "")
        printf "%.0f", (busy - $12 - $13 - $14 - $15) * 100 / total
    }' "/proc/$$/stat"
}
