# shellcheck shell=bash
# What the scripts of this folder share: messages for a person, the tree's owner,
# free ports, and processes that are known by more than a number. To be sourced.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# Paths from the environment may be relative: to the tree, as they are for make.
absolute() { # path
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$ROOT/$1" ;;
    esac
}

BUILD=$(absolute "${BUILD:-build}")

# After `sudo make`, whoever owns the tree must be able to remove what it left there.
give_to_owner() { # path...
    local path
    [ "$(id -u)" = 0 ] && [ "$(stat -c %u "$ROOT")" != 0 ] || return 0
    for path; do
        case $path in
        "$ROOT"/*) [ ! -e "$path" ] || chown -hR --reference="$ROOT" "$path" ;;
        esac
    done
}

# ---- Ports -------------------------------------------------------------------

# The local ports in use by any socket of the given tables, one a line.
# Read from /proc: a minimal Debian has neither ss nor netstat.
used_ports() { # table...
    local table line hex
    for table; do
        [ -r "/proc/net/$table" ] || continue
        while read -r line; do
            [[ $line =~ ^[0-9]+:\ [0-9A-F]+:([0-9A-F]{4})\ [0-9A-F]+:[0-9A-F]+\ ([0-9A-F]{2}) ]] || continue
            hex=${BASH_REMATCH[1]}
            # A connection in TIME_WAIT (06) keeps nobody from listening.
            [ "${BASH_REMATCH[2]}" = 06 ] || echo $((16#$hex))
        done <"/proc/net/$table"
    done
}

port_is_taken() { # port: does anything listen there?
    local table hex
    printf -v hex '%04X' "$1"
    for table in tcp tcp6; do
        [ -r "/proc/net/$table" ] || continue
        # 0A is LISTEN.
        grep -qE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:0000 0A " "/proc/net/$table" && return 0
    done
    return 1
}

# N free ports, below the range from which the kernel takes them for outgoing
# connections: there, a busy client could snatch one before the server starts.
free_ports() { # n
    local low high=32768 used found='' port i
    read -r low _ </proc/sys/net/ipv4/ip_local_port_range 2>/dev/null || low=$high
    [ "$low" -gt 12000 ] && high=$low
    used=" $(used_ports tcp tcp6 udp udp6 | tr '\n' ' ')"
    for ((i = 0; i < $1; )); do
        port=$((10000 + (RANDOM * 32768 + RANDOM) % (high - 10000)))
        case "$used$found" in *" $port "*) continue ;; esac
        found="$found $port "
        echo "$port"
        i=$((i + 1))
    done
}

# ---- Processes ---------------------------------------------------------------

# When a process started, in clock ticks since boot: with the pid it names one
# process for good, where a pid alone may by now belong to another.
start_time() { # pid
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The name, field 2, may contain spaces and brackets: cut after the last one.
    read -ra stat <<<"${stat##*) }"
    # A zombie (Z) has ended and only waits for its parent.
    [ "${stat[0]}" != Z ] || return 1
    printf '%s\n' "${stat[19]}"
}
