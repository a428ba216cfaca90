# shellcheck shell=bash
# What deploy and demo share: the settings, and questions to the swarm that `docker` points at. Source this file.

# shellcheck source=consul-dev/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# `docker stack deploy` reads no .env. Of .env only what is not set in the shell is used, and a value may be in quotes,
# as with compose.
read_env() {
    local name value
    [ -f "$ROOT/.env" ] || return 0
    while IFS='=' read -r name value; do
        case $value in \"*\" | \'*\') value=${value:1:${#value}-2} ;; esac
        [ -n "${!name:-}" ] || export "$name=$value"
    done < <(grep -E '^[A-Z_]+=' "$ROOT/.env")
}

read_env
export STACK=${STACK:-discovery} ORDER_PORT=${ORDER_PORT:-8080} CONSUL_PORT=${CONSUL_PORT:-8500} \
    SERVICES_IMAGE=${SERVICES_IMAGE:-discovery-services} SERVICES_VERSION=${SERVICES_VERSION:-1.0.0}

is_manager() { [ "$(docker info -f '{{.Swarm.ControlAvailable}}' 2>/dev/null)" = true ]; }
each_node() { docker node ls -q | xargs docker node inspect -f "$1"; } # format
has_image() { docker image inspect "$SERVICES_IMAGE:$1" >/dev/null 2>&1; } # version

# A virtual IP and the ingress network need the kernel's IPVS. Whether another machine has it cannot be seen from
# here, so the nodes are taken to be alike. (Not every user has modprobe in PATH.)
has_ipvs() { [ -e /proc/net/ip_vs ] || PATH=$PATH:/usr/sbin:/sbin modprobe -qn ip_vs 2>/dev/null; }
