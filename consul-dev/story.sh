# shellcheck shell=bash
# For stories that are told in steps on running containers (compose/demo, swarm/demo): output, time, order-service's
# list of instances, and a load that counts failed requests. Source this file; DIR is a folder for temporary files.
# The story defines `orders`, which prints the URL of an order-service. Bash 3.2 of macOS is enough.

# ---- Output ------------------------------------------------------------------

bold='' green='' red='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' green=$'\033[32m' red=$'\033[31m' plain=$'\033[0m'; fi
steps=0 failures=0

step() { # title, what is expected
    steps=$((steps + 1))
    printf '\n%s%2d  %s%s\n    expected  %s\n' "$bold" $steps "$1" "$plain" "$2"
}

check() { # status, what was seen
    if [ "$1" = 0 ]; then
        printf '    %sseen   ✓%s  %s\n' "$green" "$plain" "$2"
    else
        printf '    %sseen   ✗%s  %s\n' "$red" "$plain" "$2"
        failures=$((failures + 1))
    fi
}

check_within() { # seconds, text with TOOK in it, command...
    local limit=$1 text=$2 held=0
    shift 2
    within "$limit" "$@" || held=1
    check $held "${text//TOOK/$TOOK}"
}

check_load() { # as for load_stop
    local held=0
    load_stop "$@" || held=1
    check $held "$LOAD"
}

story_end() {
    if [ $failures -gt 0 ]; then
        printf '\n%s%d checks failed%s, in %d steps and %d s\n' "$red" $failures "$plain" $steps $SECONDS
        exit 1
    fi
    printf '\n%sall steps passed%s: %d steps in %d s\n' "$green" "$plain" $steps $SECONDS
}

# ---- Time --------------------------------------------------------------------

# Bash before version 5 has seconds only.
now_ms() {
    if [ -n "${EPOCHREALTIME:-}" ]; then
        echo $((${EPOCHREALTIME/[.,]/} / 1000))
    else
        echo $(($(date +%s) * 1000))
    fi
}

in_seconds() { printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); } # ms

# Waits until the command succeeds, and sets TOOK to the time it took. Fails after the limit.
within() { # seconds, command...
    local begin
    local limit=$(($1 * 1000))
    begin=$(now_ms)
    shift
    while ! "$@" >/dev/null 2>&1; do
        TOOK="not within $(in_seconds $limit)"
        [ $(($(now_ms) - begin)) -lt $limit ] || return 1
        sleep 0.1
    done
    TOOK=$(in_seconds $(($(now_ms) - begin)))
}

# ---- order-service's list ------------------------------------------------------

get() { curl -fsS --noproxy '*' --max-time 5 "$@"; }
count_lines() { wc -l | tr -d ' '; }

# One instance per line.
instances() { get "$(orders)/discovery" | tr '{' '\n' | grep '"id"'; }
usable_instances() { instances | grep '"status":"passing"' | grep '"ejected":false'; }
usable() { usable_instances | count_lines; }
usable_are() { [ "$(usable)" = "$1" ] && [ "$(instances | count_lines)" = "$1" ]; }

# ---- Load: two clients, nearly 20 requests per second each ----------------------

# One request. Prints its status, time and error. A story may define another one.
load_request() { # order-service, path
    curl -sS --noproxy '*' --max-time 30 -o /dev/null -w '%{http_code} %{time_total} %{errormsg}\n' "$1$2" || true
}

# Runs until the file `on` is removed. The pause sets the rate. Each line begins with the time of the request.
load_loop() { # folder, order-service
    while [ -e "$1/on" ]; do
        echo "$(now_ms) $(load_request "$2" "/users/$((RANDOM % 1000 + 1))")"
        sleep 0.05
    done
}

load_start() {
    local url
    load_end
    url=$(orders)
    LOAD_DIR=$(mktemp -d "$DIR/load.XXXXXX")
    : >"$LOAD_DIR/on"
    load_loop "$LOAD_DIR" "$url" >"$LOAD_DIR/1" 2>"$LOAD_DIR/errors" &
    load_loop "$LOAD_DIR" "$url" >"$LOAD_DIR/2" 2>/dev/null &
}

# Ends the load, also that of an earlier test that failed.
load_end() { rm -f "$DIR"/load.*/on; }

# Ends the load and sets LOAD to its counts. Fails if a request failed, or took longer than the limit. Requests that
# began before a time may fail.
load_stop() { # [time in ms, 0: none may fail], [limit in ms]
    local held=0
    load_end
    wait
    LOAD=$(awk -v from="${1:-0}" -v limit="${2:-0}" '
        { all++ } $2 != 200 { failed++; if (!first) first = $0; if ($1 >= from) late++ } $3 > slowest { slowest = $3 }
        END { printf "%d requests during this step, %d failed; the slowest took %d ms", all, failed, slowest * 1000
              if (from) printf "; %d of those that began later than 2 s failed", late
              if (failed) printf " (the first failure: %s)", first
              exit late > 0 || all == 0 || (limit && slowest * 1000 > limit) }' "$LOAD_DIR/1" "$LOAD_DIR/2") || held=1
    # If curl itself could not start, its error is here.
    [ -s "$LOAD_DIR/1" ] || LOAD="$LOAD: $(head -n 1 "$LOAD_DIR/errors")"
    return $held
}
