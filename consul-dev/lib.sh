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

# The kernel's tables of sockets are read from /proc (a minimal Debian has neither
# ss nor netstat) and at one go: bash's own `read` is quadratic there, which takes
# minutes beside a load test with its thousands of connections.

# The local ports in use by any socket, in hexadecimal. A connection in
# TIME_WAIT (06) keeps nobody from listening.
used_ports() {
    { cat /proc/net/{tcp,tcp6,udp,udp6} 2>/dev/null || true; } | # without IPv6 two of them are missing
        awk '$4 != "06" && $2 ~ /:[0-9A-F]+$/ { print substr($2, length($2) - 3) }' | sort -u
}

port_is_taken() { # port: does anything listen (0A) there?
    local hex
    printf -v hex '%04X' "$1"
    grep -qsE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6
}

meant=() # ports that a script has plans for, though nobody uses them yet

# The port and the seven after it, for who needs some in a row.
row_of() { # port
    printf '%04X\n' $(($1)) $(($1 + 1)) $(($1 + 2)) $(($1 + 3)) $(($1 + 4)) $(($1 + 5)) $(($1 + 6)) $(($1 + 7))
}

# N free ports, each the first of a free row, below the range from which the kernel
# takes them for outgoing connections: there, a busy client could snatch one before
# the server starts. Who exports PORTS_DRAWN=file gets none twice, nor does any
# other script with the same file, though it may be long until a server listens.
free_ports() { # n
    local low high=32768 used port row i
    read -r low _ </proc/sys/net/ipv4/ip_local_port_range 2>/dev/null || low=$high
    [ "$low" -gt 12000 ] && high=$low
    (
        [ -z "${PORTS_DRAWN:-}" ] || flock 7
        used=$(used_ports && printf '%04X\n' "${meant[@]}" && cat "${PORTS_DRAWN:-/dev/null}")
        for ((i = 0; i < $1; )); do
            port=$((10000 + (RANDOM * 32768 + RANDOM) % (high - 10008)))
            row=$(row_of "$port")
            ! grep -qxFf <(echo "$row") <<<"$used" || continue
            used+=$'\n'$row
            echo "$row" >&7
            echo "$port"
            i=$((i + 1))
        done
    ) 7>>"${PORTS_DRAWN:-/dev/null}"
}

# Two free ports for each name, and the same two for ever: FILE keeps them, as
# lines "name port port". For what others remember an address of over a restart.
keep_ports() { # file, name...
    local file=$1 name pair
    shift
    (
        flock 8
        for name; do
            ! grep -q "^$name " "$file" || continue
            mapfile -t pair < <(free_ports 2)
            echo "$name ${pair[*]}" >>"$file"
        done
    ) 8>>"$file"
}

# "nginx (pid 33)", as far as we may see it.
holder() { # port
    local hex inode fd pid
    printf -v hex '%04X' "$1"
    inode=$(awk -v port=":$hex" 'substr($2, length($2) - 4) == port && $4 == "0A" { print $10; exit }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null) || true
    fd=$(find /proc/[0-9]*/fd -lname "socket:\\[$inode\\]" -print -quit 2>/dev/null) || true
    [ -n "$fd" ] || { echo "another program"; return; }
    pid=${fd#/proc/}
    pid=${pid%%/*}
    echo "$(cat "/proc/$pid/comm") (pid $pid)"
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
