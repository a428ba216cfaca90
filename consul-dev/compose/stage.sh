# shellcheck shell=bash
# The stack of docker-compose.yml as a stage for `demo` and `test`: under a project name of
# its own and on ports that docker finds free, so that a stack that runs already is not
# touched. To be sourced; DIR is a folder for what is noted meanwhile.
#
# The images of the containers are all that it takes, besides docker, curl (7.75 or newer) and a
# shell (the bash 3.2 of a Mac will do): so whatever has to be done inside a container is done by one.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
PROJECT=discovery-$(basename "$0")-$$

# Of the learner's settings, in .env or in the shell, only these: what the machine needs. The story is told
# with its own.
OF_THE_MACHINE='BUILD_NETWORK|CPUS|CONSUL_RELEASES|[A-Z]+_(IMAGE|MIRROR)'
settings() { sed -n 's/^#\([A-Z_]*\)=.*/\1/p' "$ROOT/.env.example"; } # all of them, a name a line
for setting in $(settings | grep -vxE "$OF_THE_MACHINE"); do unset "$setting"; done
unset COMPOSE_FILE COMPOSE_PROFILES
export CONSUL_PORT=0 ORDER_PORT=0 WEIGHTS_ORDER_PORT=0 ETCD_ORDER_PORT=0 CLUSTER_ORDER_PORT=0 CLUSTER_CONSUL_PORT=0

compose() { docker compose -p "$PROJECT" --env-file "$DIR/env" -f "$ROOT/docker-compose.yml" "$@"; }

stage_open() {
    local version major minor
    version=$(docker compose version --short 2>/dev/null) && docker info >/dev/null 2>&1 ||
        stage_refuse "needs a docker engine that runs, and Compose v2"
    IFS=. read -r major minor _ <<<"${version#v}"
    [ "$((major * 1000 + minor))" -ge 2022 ] || stage_refuse "needs Compose 2.22 or newer, and this is $version"
    grep -sE "^($OF_THE_MACHINE)=" "$ROOT/.env" >"$DIR/env" || true
    unnamed_images >"$DIR/unnamed-before"
}

# 77: skipped, as a test counts it.
stage_refuse() { echo "skipped: compose-$(basename "$0") $1"; exit 77; } # why

stage_close() {
    local image
    load_forget
    compose unpause >/dev/null 2>&1 || true # one that is paused cannot be stopped
    compose --profile '*' down --volumes --remove-orphans >"$DIR/down" 2>&1 || cat "$DIR/down"
    for image in $(own_images); do docker image rm "$image" >/dev/null || true; done
    for image in $(left_by_builds); do docker image rm "$image" >/dev/null || true; done
}

own_images() { docker image ls --format '{{.Repository}}:{{.Tag}}' | grep "^$PROJECT-" || true; }

# A builder before BuildKit leaves an image without a name of each stage.
left_by_builds() { unnamed_images | comm -13 "$DIR/unnamed-before" -; }
unnamed_images() {
    docker image ls -q --no-trunc --filter dangling=true --filter label=org.opencontainers.image.title=service-discovery | sort
}

# Containers, networks, volumes and images of ours that are there.
left_behind() {
    local mine="label=com.docker.compose.project=$PROJECT"
    docker ps -aq --filter "$mine"
    docker network ls -q --filter "$mine"
    docker volume ls -q --filter "$mine"
    own_images
    left_by_builds
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
count_lines() { wc -l | tr -d ' '; }

# Asked each time: a container that was stopped is published on another port.
url_of() { echo "http://$(compose port "$1" "$2")"; }
orders() { url_of order-service 8080; }

containers() { compose ps -aq "$@"; }
a_user_service() { containers user-service | sed -n 1p; } # (head would end before compose has said all)
of_container() { docker inspect -f "$2" "$1"; } # container, format

# Order-service's list, an instance a line.
instances() { get "$(orders)/discovery" | tr '{' '\n' | grep '"id"'; }
usable() { instances | grep '"status":"passing"' | grep -c '"ejected":false'; }
usable_are() { [ "$(usable)" = "$1" ] && [ "$(instances | count_lines)" = "$1" ]; }
header_of_a_call() { # header, order-service
    get -D - -o /dev/null "$2/users/7" | tr -d '\r' | awk -F ': ' -v name="$1" 'tolower($1) == tolower(name) { print $2 }'
}
source_is() { [ "$(header_of_a_call X-Discovery-Source "${2:-$(orders)}")" = "$1" ]; } # source, order-service
in_panic() { get "$(orders)/discovery" | grep -q '"panic":true'; }
was_restarted() { [ "$(of_container "$1" '{{.RestartCount}} {{.State.Running}}')" = "1 true" ]; }

# What Consul has: addresses of all, one a line; how many of them pass.
consul() { get "$(url_of consul 8500)/v1/$1"; }
registered() { consul "catalog/service/$1" | grep -o '"ServiceAddress":"[^"]*"' | cut -d '"' -f 4; }
passing() { consul "health/service/$1?passing" | grep -oE '"Node": *\{' | count_lines; }
passing_are() { [ "$(passing user-service)" = "$1" ]; } # count

# ---- Load: two clients, nearly 20 requests a second each -----------------------

# Until the file `on` is gone. The pause is what makes it so many.
load_loop() { # folder, order-service
    while [ -e "$1/on" ]; do
        curl -sS --noproxy '*' --max-time 10 -o /dev/null -w '%{http_code} %{time_total} %{errormsg}\n' \
            "$2/users/$((RANDOM % 1000 + 1))" || true
        sleep 0.05
    done
}

load_start() {
    local url
    load_forget
    url=$(orders)
    LOAD_DIR=$(mktemp -d "$DIR/load.XXXXXX")
    : >"$LOAD_DIR/on"
    load_loop "$LOAD_DIR" "$url" >"$LOAD_DIR/1" 2>"$LOAD_DIR/errors" &
    load_loop "$LOAD_DIR" "$url" >"$LOAD_DIR/2" 2>/dev/null &
}

# Also that of a test which has failed.
load_forget() { rm -f "$DIR"/load.*/on; }

# Ends it: LOAD says what a user would have noticed. Fails where a request did.
load_stop() {
    local held=0
    load_forget
    wait
    LOAD=$(awk '
        { all++ } $1 != 200 { failed++; if (!first) first = $0 } $2 > slowest { slowest = $2 }
        END { printf "%d requests meanwhile, %d failed; the slowest took %d ms", all, failed, slowest * 1000
              if (failed) printf " (the first that failed: %s)", first
              exit failed > 0 || all == 0 }' "$LOAD_DIR/1" "$LOAD_DIR/2") || held=1
    # A curl that could not even begin says why here.
    [ -s "$LOAD_DIR/1" ] || LOAD="$LOAD: $(head -n 1 "$LOAD_DIR/errors")"
    return $held
}

# ---- Breaking ----------------------------------------------------------------

# kill -9 for the service's own process, not for the init above it. The image has no
# shell, and on a Mac the process is on another (virtual) machine: so a container of
# another image looks for it, in the same space of processes and as the same user. With
# the init that space ends, and that container, too, where it is not done yet: 137.
kill_process() { # container, name of the process
    docker run --rm --pull never --network none --read-only --cap-drop ALL --pid "container:$1" \
        --user "$(of_container "$1" '{{.Config.User}}')" --entrypoint sh \
        "$(of_container "$(containers redis)" '{{.Config.Image}}')" \
        -c "for process in /proc/[0-9]*; do
                read -r name <\$process/comm
                [ \"\$name\" != '$2' ] || kill -9 \${process#/proc/}
            done" || [ $? = 137 ]
}
