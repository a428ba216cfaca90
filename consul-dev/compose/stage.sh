# shellcheck shell=bash
# The stack of docker-compose.yml as a stage for `demo` and `test`: under a project name of
# its own and on ports that docker finds free, so that a stack that runs already is not
# touched. To be sourced; DIR is a folder for what is noted meanwhile.
#
# The images of the containers are all that it takes, besides docker, curl and a shell (the
# bash 3.2 of a Mac will do): so whatever has to be done inside a container is done by one.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
PROJECT=discovery-$(basename "$0")-$$
export CONSUL_PORT=0 ORDER_PORT=0 WEIGHTS_ORDER_PORT=0 ETCD_ORDER_PORT=0 CLUSTER_ORDER_PORT=0 CLUSTER_CONSUL_PORT=0
export COMPOSE_PROFILES=
unset COMPOSE_FILE COMPOSE_PROJECT_NAME

compose() { docker compose -p "$PROJECT" --env-file "$DIR/env" -f "$ROOT/docker-compose.yml" "$@"; }

engine_is_there() { docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; }

# Of the learner's .env only where things come from: the story is told with its own settings.
stage_open() {
    grep -sE '^(BUILD_NETWORK|[A-Z]+_(IMAGE|MIRROR))=' "$ROOT/.env" >"$DIR/env" || true
}

stage_close() {
    local profile profiles=()
    load_forget
    for profile in $(compose config --profiles); do profiles+=(--profile "$profile"); done
    compose "${profiles[@]}" down --volumes --remove-orphans >"$DIR/down" 2>&1 || cat "$DIR/down"
    own_images | while read -r image; do docker image rm "$image" >/dev/null; done
}

own_images() { docker image ls --format '{{.Repository}}:{{.Tag}}' | grep "^$PROJECT-" || true; }

# Containers, networks and volumes of ours that are there.
left_behind() {
    local mine="label=com.docker.compose.project=$PROJECT"
    docker ps -aq --filter "$mine"
    docker network ls -q --filter "$mine"
    docker volume ls -q --filter "$mine"
    own_images
}

# ---- Time --------------------------------------------------------------------

# Bash before 5 knows seconds only.
now_ms() {
    if [ -n "${EPOCHREALTIME:-}" ]; then
        echo $((${EPOCHREALTIME/[.,]/} / 1000))
    else
        echo $(($(date +%s) * 1000))
    fi
}

in_seconds() { printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); } # ms

# Until the command succeeds: TOOK says how long it was. Fails after so many seconds.
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

# ---- Looking -----------------------------------------------------------------

get() { curl -fsS --noproxy '*' --max-time 5 "$@"; }

# Asked each time: a container that was stopped is published on another port.
url_of() { echo "http://$(compose port "$1" "$2")"; }
orders() { url_of order-service 8080; }

containers() { compose ps -aq "$@"; }
of_container() { docker inspect -f "$2" "$1"; } # container, format

# Order-service's list, an instance a line.
instances() { get "$(orders)/discovery" | tr '{' '\n' | grep '"id"'; }
usable() { instances | grep '"status":"passing"' | grep -c '"ejected":false'; }
usable_are() { [ "$(usable)" = "$1" ] && [ "$(instances | wc -l | tr -d ' ')" = "$1" ]; }
header_of_a_call() { get -D - -o /dev/null "$(orders)/users/7" | tr -d '\r' | sed -n "s/^$1: //ip"; }
source_is() { [ "$(header_of_a_call X-Discovery-Source)" = "$1" ]; }

# What Consul has: addresses of all, one a line; how many of them pass.
consul() { get "$(url_of consul 8500)/v1/$1"; }
registered() { consul "catalog/service/$1" | grep -o '"ServiceAddress":"[^"]*"' | cut -d '"' -f 4; }
passing() { consul "health/service/$1?passing" | grep -oE '"Node": *\{' | wc -l | tr -d ' '; }
passing_are() { [ "$(passing user-service)" = "$1" ]; } # count

# ---- Load: two clients, 50 requests a second each -----------------------------

# A curl makes 50 requests on one connection; the loop ends when its file is gone.
load_loop() {
    while [ -e "$DIR/load-on" ]; do
        curl -s --noproxy '*' --max-time 10 --rate 50/s -o /dev/null -w '%{http_code} %{time_total} %{errormsg}\n' \
            "$1/users/[1-1000:20]" || true
    done
}

load_start() {
    local url
    url=$(orders)
    : >"$DIR/load-on"
    load_loop "$url" >"$DIR/load.1" &
    load_loop "$url" >"$DIR/load.2" &
}

load_forget() { rm -f "$DIR/load-on"; }

# Ends it: LOAD says what a user would have noticed. Fails where a request did.
load_stop() {
    load_forget
    wait
    LOAD=$(cat "$DIR"/load.[12] | awk '
        { all++ } $1 != 200 { failed++; if (!first) first = $0 } $2 > slowest { slowest = $2 }
        END { printf "%d requests meanwhile, %d failed; the slowest took %d ms", all, failed, slowest * 1000
              if (failed) printf " (the first that failed: %s)", first
              exit failed > 0 || all == 0 }')
}

# ---- Breaking ----------------------------------------------------------------

# kill -9 for the service's own process, not for the init above it. The image has no
# shell, and on a Mac the process is on another (virtual) machine: so a container of
# another image looks for it, in the same space of processes and as the same user.
kill_process() { # container, name of the process
    docker run --rm --pull never --network none --read-only --cap-drop ALL --pid "container:$1" \
        --user "$(of_container "$1" '{{.Config.User}}')" --entrypoint sh \
        "$(of_container "$(containers redis)" '{{.Config.Image}}')" \
        -c "for process in /proc/[0-9]*; do
                read -r name <\$process/comm
                [ \"\$name\" != '$2' ] || kill -9 \${process#/proc/}
            done"
}
