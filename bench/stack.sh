# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154 # arrays and variables that bench and its parts share
# Starts the servers of the benchmark: our services, their peers, and the databases and
# registries. Source this file after measure.sh. A peer that cannot be started is skipped,
# with a line that names the missing package; then its name is not in url_of.

declare -A port_of

runs() { [ -n "${url_of[$1]:-}" ]; } # name
named() { # name...: prints the names of those that run
    local name
    for name; do runs "$name" && echo "$name"; done
}

new_port() { # name: sets the global port
    port=$(free_ports 1)
    port_of[$1]=$port
}

# ---- Databases and registries ------------------------------------------------

start_postgres() {
    new_port postgres
    stop_signal[postgres]=INT # ends at once, without waiting for its clients
    # shellcheck disable=SC2046
    start postgres env DIE_WITH_PARENT=1 $(on_second) "$ROOT/consul-dev/run-postgres" "$work/postgres" "$port"
    database=postgresql://lesson:lesson@127.0.0.1:$port/lesson
    await postgres psql -qX "$database" -c '' 2>/dev/null || die "cannot start PostgreSQL"
    "$ROOT/consul-dev/db-seed" "$database" 2>"$work/seed.log" ||
        die "cannot load the seed data: $(tail -n 3 "$work/seed.log")"
}

start_redis() { # on the port that it had before
    [ -n "${port_of[redis]:-}" ] || new_port redis
    # shellcheck disable=SC2046
    start redis env DIE_WITH_PARENT=1 $(on_second) "$ROOT/consul-dev/run-redis" "$work/redis" "${port_of[redis]}"
    await redis listens "${port_of[redis]}" || die "cannot start Redis"
}

# Without Consul order-service falls back to its static list: the same picks.
start_consul() {
    consul=http://127.0.0.1:9
    new_port consul-dns
    new_port consul
    start consul env DIE_WITH_PARENT=1 DNS_PORT="${port_of[consul-dns]}" "$ROOT/consul-dev/run-consul" "$work/consul" "$port"
    if await consul has_leader; then
        consul=http://127.0.0.1:$port
    else
        echo "cannot start Consul: order-service uses its static list"
    fi
}

start_etcd() {
    new_port etcd
    etcd=http://127.0.0.1:$port
    start etcd env DIE_WITH_PARENT=1 "$ROOT/consul-dev/run-etcd" "$work/etcd" "$port"
    await etcd answers "$etcd/health" || die "cannot start etcd"
}

has_leader() { curl -sf "http://127.0.0.1:${port_of[consul]}/v1/status/leader" | grep -q :; }

# ---- Our services ------------------------------------------------------------

# name pin redis-port [VARIABLE=value...]
start_user_service() {
    local name=$1 pin=$2 redis=$3
    shift 3
    new_port "$name"
    # shellcheck disable=SC2046
    start "$name" env PORT="$port" BIND_ADDRESS=127.0.0.1 SERVICE_ADDRESS=127.0.0.1 SERVICE_ID="bench-$name" \
        SERVICE_CHECK="${SERVICE_CHECK:-none}" REGISTER_JITTER=0 LOG_LEVEL=warn CONSUL_HTTP_ADDR="${consul:-http://127.0.0.1:9}" \
        DATABASE_URL="$database" REDIS_URL="redis://127.0.0.1:$redis/0" "$@" $("$pin") "$BUILD/user-service"
    await "$name" answers "http://127.0.0.1:$port/users/123" || die "cannot start user-service"
    url_of[$name]=http://127.0.0.1:$port/users/123
}

# A stand-in for a user-service that needs so many milliseconds for each request, one after another.
start_slow_user() { # name ms
    new_port "$1"
    start "$1" "$BUILD/upstream-faults" --port "$port" --control 0 --work "$2"
    await "$1" answers "http://127.0.0.1:$port/users/123" || die "cannot start upstream-faults"
}

# name user-service-name upstream...: the upstreams are names of running user-services
start_order_service() {
    local name=$1 called=$2 list
    shift 2
    list=$(static_list "$@")
    new_port "$name"
    # shellcheck disable=SC2046
    start "$name" env PORT="$port" BIND_ADDRESS=127.0.0.1 SERVICE_ADDRESS=127.0.0.1 SERVICE_ID="bench-$name" \
        SERVICE_CHECK="${SERVICE_CHECK:-none}" REGISTER_JITTER=0 LOG_LEVEL=warn CONSUL_HTTP_ADDR="$consul" DATABASE_URL="$database" \
        USER_SERVICE_NAME="$called" STATIC_INSTANCES="$called=$list" $(on_first) "$BUILD/order-service"
    await "$name" answers "http://127.0.0.1:$port/users/123" || die "cannot start order-service"
    url_of[$name]=http://127.0.0.1:$port/users/123
    behind[$name]=$*
}

static_list() { # name...: their addresses, separated by commas
    local name list=''
    for name; do list=$list,127.0.0.1:${port_of[$name]}; done
    echo "${list#,}"
}

# Registers running processes as instances of another service.
register_as() { # service name...
    local service=$1 name
    shift
    for name; do
        curl -sf -X PUT "$consul/v1/agent/service/register" -o /dev/null -d "{\"ID\":\"$service-$name\",
            \"Name\":\"$service\",\"Address\":\"127.0.0.1\",\"Port\":${port_of[$name]}}" || true
    done
}

# ---- Peers -------------------------------------------------------------------

skip() { echo "skipped: $1 ($2)"; }

# Uses Debian's packages of Go libraries, and no network.
go_build() { # name
    [ -x "$built/go-$1" ] && [ "$built/go-$1" -nt "$here/peers/$1.go" ] && return 0
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOCACHE=$built/go-cache \
        go build -o "$built/go-$1" "$here/peers/$1.go" 2>"$built/go-$1.log"
}

# name program packages: 0 if the Go program could be compiled
have_go() {
    command -v go >/dev/null || { skip "$1" "Go is not installed: apt-get install golang-go"; return 1; }
    go_build "$2" || { skip "$1" "cannot compile it: apt-get install $3; $(tail -n 1 "$built/go-$2.log")"; return 1; }
}

start_go_user() { # name redis-address-or-nothing
    have_go "$1" user_service "golang-github-gomodule-redigo-dev golang-github-lib-pq-dev" || return 0
    new_port "$1"
    # shellcheck disable=SC2046
    start "$1" env PORT="$port" SERVICE_ID="bench-$1" DATABASE_URL="$database" POOL="$GO_POOL" REDIS_ADDRESS="$2" \
        $(on_first) "$built/go-user_service"
    await "$1" answers "http://127.0.0.1:$port/users/123" && url_of[$1]=http://127.0.0.1:$port/users/123
}

start_go_proxy() { # name upstream...
    local name=$1 list
    shift
    have_go "$name" proxy golang-go || return 0
    list=$(static_list "$@")
    new_port "$name"
    # shellcheck disable=SC2046
    start "$name" env PORT="$port" UPSTREAMS="$list" $(on_first) "$built/go-proxy"
    await "$name" answers "http://127.0.0.1:$port/users/123" && url_of[$name]=http://127.0.0.1:$port/users/123
    behind[$name]=$*
}

start_hello() {
    cc -O2 -o "$built/hello" "$here/peers/hello.c" -lmicrohttpd || { skip hello "cannot compile it"; return 0; }
    new_port hello
    # shellcheck disable=SC2046
    start hello $(on_first) "$built/hello" "$port"
    await hello answers "http://127.0.0.1:$port/users/123" && url_of[hello]=http://127.0.0.1:$port/users/123
}

has_nginx() { # name
    command -v nginx >/dev/null || { skip "$1" "nginx is not installed: apt-get install nginx-light"; return 1; }
}

start_nginx_static() { # name: it sends a static reply
    has_nginx "$1" || return 0
    new_port "$1"
    mkdir -p "$work/$1"
    sed -e "s|@DIR@|$work/$1|g; s|@PORT@|$port|" "$here/peers/nginx.conf" >"$work/$1/nginx.conf"
    # shellcheck disable=SC2046
    start "$1" $(on_first) nginx -p "$work/$1" -c "$work/$1/nginx.conf" -e stderr
    await "$1" answers "http://127.0.0.1:$port/users/123" && url_of[$1]=http://127.0.0.1:$port/users/123
}

# A balancer that was started before gets the same port again.
start_nginx_proxy() { # name upstream...: its list of instances is fixed
    local name=$1 list
    shift
    has_nginx "$name" || return 0
    list=$(static_list "$@")
    [ -n "${port_of[$name]:-}" ] || new_port "$name"
    # shellcheck disable=SC2046
    start "$name" $(on_first) "$ROOT/consul-dev/run-nginx" "$work/$name" "${port_of[$name]}" ${list//,/ }
    is_proxy "$name" "$@"
}

start_haproxy() { # name upstream...: it reads the list of instances from Consul's DNS
    command -v haproxy >/dev/null || { skip "$1" "HAProxy is not installed: apt-get install haproxy"; return 0; }
    [ -n "${port_of[$1]:-}" ] || new_port "$1"
    # shellcheck disable=SC2046
    start "$1" $(on_first) "$ROOT/consul-dev/run-haproxy" "${port_of[$1]}" "127.0.0.1:${port_of[consul-dns]}"
    is_proxy "$@"
}

is_proxy() { # name upstream...: waits until it answers
    local url=http://127.0.0.1:${port_of[$1]}/users/123
    await "$1" answers "$url" && url_of[$1]=$url
    behind[$1]=${*:2}
}
