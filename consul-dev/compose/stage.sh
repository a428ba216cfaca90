# shellcheck shell=bash
# Starts the stack of docker-compose.yml for `demo` and `test`: with its own project name
# and on free ports, so that a stack that already runs is not touched. Source this file;
# DIR is a folder for temporary files.
#
# It needs only docker, curl (7.75 or newer), a shell (bash 3.2 of macOS is enough) and the images
# of the stack. So commands inside a container run in another container of these images.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=consul-dev/story.sh
. "$ROOT/consul-dev/story.sh"
PROJECT=discovery-$(basename "$0")-$$

# Only these of the learner's settings (in .env or in the shell) are used, because the machine needs them. All
# other settings keep their defaults.
OF_THE_MACHINE='BUILD_NETWORK|CPUS|CONSUL_RELEASES|[A-Z]+_(IMAGE|MIRROR)'
settings() { sed -n '/^# ---- The swarm/q; s/^#\([A-Z_]*\)=.*/\1/p' "$ROOT/.env.example"; } # the names of all settings, one per line
for setting in $(settings | grep -vxE "$OF_THE_MACHINE"); do unset "$setting"; done
unset COMPOSE_FILE COMPOSE_PROFILES
export CONSUL_PORT=0 CONSUL_DNS_PORT=0 ORDER_PORT=0 WEIGHTS_ORDER_PORT=0 ETCD_ORDER_PORT=0 CLUSTER_ORDER_PORT=0 CLUSTER_CONSUL_PORT=0 PLAYGROUND_PORT=0 \
    NACOS_ORDER_PORT=0 NACOS_PORT=0 NACOS_CONSOLE_PORT=0 EUREKA_ORDER_PORT=0 EUREKA_PORT=0 HAPROXY_PORT=0 NGINX_PORT=0

export CALL_TIMEOUT=9s # a machine that stalls for some seconds fails no call

compose() { docker compose -p "$PROJECT" --env-file "$DIR/env" -f "$ROOT/docker-compose.yml" "$@"; }

stage_open() {
    local version major minor
    version=$(docker compose version --short 2>/dev/null) && docker info >/dev/null 2>&1 ||
        skip_all "needs a running docker engine and Compose v2"
    IFS=. read -r major minor _ <<<"${version#v}"
    [ "$((major * 1000 + minor))" -ge 2022 ] || skip_all "needs Compose 2.22 or newer, and this is $version"
    grep -sE "^($OF_THE_MACHINE)=" "$ROOT/.env" >"$DIR/env" || true
    unnamed_images >"$DIR/unnamed-before"
}

# Exit code 77: the test runner counts it as skipped.
skip_all() { echo "skipped: compose-$(basename "$0") $1"; exit 77; } # why

stage_close() {
    local image
    load_end
    compose unpause >/dev/null 2>&1 || true # a paused container cannot be stopped
    compose --profile '*' down --volumes --remove-orphans >"$DIR/down" 2>&1 || cat "$DIR/down"
    for image in $(own_images); do docker image rm "$image" >/dev/null || true; done
    for image in $(left_by_builds); do docker image rm "$image" >/dev/null || true; done
}

own_images() { docker image ls --format '{{.Repository}}:{{.Tag}}' | grep "^$PROJECT-" || true; }

# Without BuildKit, docker build leaves an unnamed image for each build stage.
left_by_builds() { unnamed_images | comm -13 "$DIR/unnamed-before" -; }
unnamed_images() {
    docker image ls -q --no-trunc --filter dangling=true --filter label=org.opencontainers.image.title=service-discovery | sort
}

# Our containers, networks, volumes and images that still exist.
left_behind() {
    local mine="label=com.docker.compose.project=$PROJECT"
    docker ps -aq --filter "$mine"
    docker network ls -q --filter "$mine"
    docker volume ls -q --filter "$mine"
    own_images
    left_by_builds
}

# ---- State of the stack ------------------------------------------------------

# The port is looked up each time: a container that is started again gets another published port.
url_of() { echo "http://$(compose port "$1" "$2")"; }
orders() { url_of order-service 8080; }

containers() { compose ps -aq "$@"; }
a_user_service() { containers user-service | sed -n 1p; } # (head would end before compose has written all, which fails with pipefail)
of_container() { docker inspect -f "$2" "$1"; } # container, format

# The number of instances whose share still grows (LB_SLOW_START).
slow_starts_are() { # count, order-service
    [ "$(get "$2/metrics" | grep -c "^discovery_instances_in_slow_start{.*} $1\$")" = 1 ]
}
header_of_a_call() { # header, order-service
    get -D - -o /dev/null "$2/users/7" | tr -d '\r' | awk -F ': ' -v name="$1" 'tolower($1) == tolower(name) { print $2 }'
}
source_is() { [ "$(header_of_a_call X-Discovery-Source "${2:-$(orders)}")" = "$1" ]; } # source, order-service
in_panic() { [[ $(get "$(orders)/discovery") == *'"panic":true'* ]]; }
was_restarted() { [ "$(of_container "$1" '{{.RestartCount}} {{.State.Running}}')" = "1 true" ]; }

# From Consul: the addresses of all instances, one per line; the number of passing ones.
consul() { get "$(url_of consul 8500)/v1/$1"; }
registered() { consul "catalog/service/$1" | grep -o '"ServiceAddress":"[^"]*"' | cut -d '"' -f 4; }
passing() { consul "health/service/$1?passing" | grep -oE '"Node": *\{' | count_lines; }
passing_are() { [ "$(passing user-service)" = "$1" ]; } # count

# ---- Faults ------------------------------------------------------------------

# kill -9 of the service's own process, not of its init. The image has no shell, and on
# macOS the process is in a virtual machine. So a container of another image does it, in
# the same PID namespace and as the same user. When the init ends, the namespace ends, and
# this container may be killed with it: then its exit code is 137.
kill_process() { # container, name of the process
    docker run --rm --pull never --network none --read-only --cap-drop ALL --pid "container:$1" \
        --user "$(of_container "$1" '{{.Config.User}}')" --entrypoint sh \
        "$(of_container "$(containers redis)" '{{.Config.Image}}')" \
        -c "for process in /proc/[0-9]*; do
                read -r name <\$process/comm
                [ \"\$name\" != '$2' ] || kill -9 \${process#/proc/}
            done" || [ $? = 137 ]
}
