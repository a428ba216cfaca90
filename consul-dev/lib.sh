# shellcheck shell=bash
# Functions that the scripts of this folder share: messages, file ownership, free ports,
# and safe identification of processes. Source this file.

# shellcheck source=consul-dev/environment.sh
. "${BASH_SOURCE[0]%/*}/environment.sh"

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# A relative path from the environment is relative to the top folder, as for make.
absolute() { # path
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$ROOT/$1" ;;
    esac
}

BUILD=$(absolute "${BUILD:-build}")

# After `sudo make`, the owner of the tree must be able to remove the files that root created.
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

# The kernel's socket tables are read from /proc, because a minimal Debian has neither ss
# nor netstat. awk and grep read them, because bash's `read` takes quadratic time: minutes
# during a load test with thousands of connections.

# The local ports of all sockets, in hexadecimal. A connection in TIME_WAIT (06) does not
# prevent listening.
used_ports() {
    { cat /proc/net/{tcp,tcp6,udp,udp6} 2>/dev/null || true; } | # without IPv6 two of them are missing
        awk '$4 != "06" && $2 ~ /:[0-9A-F]+$/ { print substr($2, length($2) - 3) }' | sort -u
}

port_is_taken() { # port: true if a socket listens (0A) there
    local hex
    printf -v hex '%04X' "$1"
    grep -qsE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6
}

udp_port_is_taken() { # port: true if a socket without a peer (07) receives there
    local hex
    printf -v hex '%04X' "$1"
    grep -qsE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:0000 07 " /proc/net/udp /proc/net/udp6
}

assigned=() # ports that a script has chosen, but that no process uses yet

# The port and the seven after it, for a caller that needs several in a row.
row_of() { # port
    printf '%04X\n' $(($1)) $(($1 + 1)) $(($1 + 2)) $(($1 + 3)) $(($1 + 4)) $(($1 + 5)) $(($1 + 6)) $(($1 + 7))
}

# N free ports, each the first of eight free ones in a row. They are below the kernel's
# range for outgoing connections, where a client could take one before the server starts.
# If PORTS_DRAWN=file is exported, all scripts that use this file get different ports, even
# before a server listens on them.
free_ports() { # n
    local low high=32768 used port row i
    read -r low _ </proc/sys/net/ipv4/ip_local_port_range 2>/dev/null || low=$high
    [ "$low" -gt 12000 ] && high=$low
    (
        [ -z "${PORTS_DRAWN:-}" ] || flock 7
        used=$(used_ports && printf '%04X\n' "${assigned[@]}" && cat "${PORTS_DRAWN:-/dev/null}")
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

# Two free ports for each name, always the same two: FILE stores them in lines
# "name port port". For processes whose addresses other processes remember over a restart.
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

# The process that listens on a port, or receives UDP there: "nginx (pid 33)", or "another program" if we lack the
# right to see it.
holder() { # port
    local hex inode fd pid
    printf -v hex '%04X' "$1"
    inode=$(awk -v port=":$hex" 'substr($2, length($2) - 4) == port && $4 ~ /^0[7A]$/ { print $10; exit }' \
        /proc/net/{tcp,tcp6,udp,udp6} 2>/dev/null) || true
    fd=$(find /proc/[0-9]*/fd -lname "socket:\\[$inode\\]" -print -quit 2>/dev/null) || true
    [ -n "$fd" ] || { echo "another program"; return; }
    pid=${fd#/proc/}
    pid=${pid%%/*}
    echo "$(cat "/proc/$pid/comm") (pid $pid)"
}

# ---- Processes ---------------------------------------------------------------

# The start time of a process, in clock ticks since boot. Pid and start time together
# identify a process; a pid alone may have been reused.
start_time() { # pid
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The name, field 2, may contain spaces and brackets: cut after the last one.
    read -ra stat <<<"${stat##*) }"
    # A zombie (Z) has ended and only waits for its parent.
    [ "${stat[0]}" != Z ] || return 1
    printf '%s\n' "${stat[19]}"
}
