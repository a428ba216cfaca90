#!/usr/bin/env bash
# Tests the metrics of both services, which run without their servers, and the example
# alerts: each metric that an alert uses must be exported. If promtool is installed, it
# checks both as well.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
MONITORING=$HERE/monitoring
pids=()
cleanup() {
    kill "${pids[@]}" 2>/dev/null || true
    wait
}

# Starts a service on a free port. No server listens on port 1.
start() { # program
    PORT=0 REGISTER_JITTER=0 DRAIN_TIMEOUT=0 CONSUL_HTTP_ADDR=127.0.0.1:1 ETCD_ENDPOINTS=http://127.0.0.1:1 \
        DATABASE_URL=postgresql://user@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1 \
        STATIC_INSTANCES=user-service=127.0.0.1:1 "${BUILD_DIR:-build}/$1" 2>"$DIR/$1.log" &
    pids+=($!)
}

port_of() { sed -n 's/.* msg=listening .* port=\([0-9]*\) .*/\1/p' "$DIR/$1.log" | grep .; }

take_page() { # program: saves its metrics after requests of several kinds
    local url path
    await "$1" port_of "$1"
    url=http://127.0.0.1:$(port_of "$1")
    for path in users/1 health nothing/here; do curl -s -o "$DIR/reply" "$url/$path"; done
    curl -s -o "$DIR/reply" -X MADE-UP "$url/users/1"
    curl -s "$url/metrics" >"$DIR/$1.page"
}

check_page() { # program
    "$HERE/tests/check-metrics" "$DIR/$1.page" || fail "invalid metrics of $1"
}

user_service_metrics_are_valid() { check_page user-service; }
order_service_metrics_are_valid() { check_page order-service; }

checker_rejects_invalid_metrics() {
    local page
    for page in 'a 1' $'# HELP a x\n# TYPE a counter\na 1' $'# HELP a x\n# TYPE a gauge\na{b="1} 1' \
        $'# HELP a x\n# TYPE a gauge\na 1\na 1' $'# HELP a x\n# TYPE a histogram\na_bucket{le="+Inf"} 2\na_count 1'; do
        ! "$HERE/tests/check-metrics" <<<"$page" >/dev/null || fail "$page"
    done
    "$HERE/tests/check-metrics" <<<$'# HELP a x\n# TYPE a gauge\na{b="\\"1"} 1.5'
}

# The metrics in expressions, without labels and functions: "registry_up", "…_seconds_bucket".
names_in_alerts() {
    awk '/^ *- alert:/ { on = 0 } / expr:/ { on = 1; sub(/.* expr:/, "") } /^ *(for|labels):/ { on = 0 } on' "$MONITORING/alerts.yml" |
        sed -E 's/\{[^}]*\}//g; s/(by|on) *\([^)]*\)//g' | grep -oE '[a-z]+(_[a-z]+)+' |
        grep -vxE '(max|min|sum)_over_time|histogram_quantile' | sort -u
}

each_metric_in_the_alerts_is_exported() {
    local name count=0
    while read -r name; do
        grep -qE "^(${name}[{ ]|# TYPE ${name%_*} histogram|# TYPE $name )" "$DIR"/*.page || fail "no service exports $name"
        count=$((count + 1))
    done < <(names_in_alerts)
    [ $count -ge 15 ] || fail "only $count metrics found in the alerts"
}

promtool_accepts_metrics_and_alerts() {
    local page
    command -v promtool >/dev/null || { echo "promtool is not installed"; return 77; }
    for page in "$DIR"/*.page; do promtool check metrics <"$page" || fail "$page"; done
    promtool check rules "$MONITORING/alerts.yml"
    promtool test rules "$MONITORING/alerts-test.yml"
}

start user-service
start order-service
take_page user-service
take_page order-service
run_tests user_service_metrics_are_valid order_service_metrics_are_valid \
    checker_rejects_invalid_metrics each_metric_in_the_alerts_is_exported promtool_accepts_metrics_and_alerts
