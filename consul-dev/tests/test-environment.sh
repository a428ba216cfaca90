#!/usr/bin/env bash
# Tests that the scripts work in the shells of their users: with other options, with settings for other PostgreSQL
# and Consul servers, behind a proxy, in a folder with a strange name. Consul, PostgreSQL and Redis are real.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/tests/private-stack
. "$HERE/tests/private-stack"

# ---- Odd environments --------------------------------------------------------

mkdir "$DIR/home"
echo 'proxy = "http://127.0.0.1:9"' >"$DIR/home/.curlrc"
echo 'cd() { builtin cd "$@" && echo "moved to $PWD"; }; echo "a text of the rc file"' >"$DIR/rc"
odd_shell=(CDPATH=.: POSIXLY_CORRECT=1 SHELLOPTS=noclobber:noglob BASH_ENV="$DIR/rc" ENV="$DIR/rc" GLOBIGNORE='*'
    GREP_OPTIONS=-v 'BASH_FUNC_mkdir%%=() { echo "not mkdir"; }' 'BASH_FUNC_nproc%%=() { echo "not nproc"; }')
odd_servers=(PGSSLMODE=require PGHOST=gone.invalid PGPORT=1 PGSERVICE=none PGOPTIONS='-c none=1' PGCLUSTER=99/none
    REDISCLI_AUTH=secret CONSUL_HTTP_SSL=true CONSUL_CACERT=/none CONSUL_HTTP_TOKEN_FILE=/none)
odd_proxy=(http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9 HOME="$DIR/home")
odd_files=(TMPDIR=/no/such TZ=No/Where LC_ALL=xx_YY)

starts_with() { # variable...: `stack up` and `stack down` work
    local output
    output=$(env "$@" "$HERE/stack" up 2>&1) || fail "up: $output"
    expect_contains "$output" "http://127.0.0.1:$CONSUL_PORT/ui/"
    expect_contains "$(env "$@" "$HERE/stack" status 2>&1)" 'passing: user-service 3, order-service 1'
    env "$@" "$HERE/stack" consul-stop >"$DIR/stopped" 2>&1 || fail "consul-stop: $(cat "$DIR/stopped")"
    output=$(env "$@" "$HERE/stack" down 2>&1) || fail "down: $output"
    expect_eq "pid files" "$(find "$RUN_DIR" -name '*.pid')" ""
}

stack_starts_in_an_odd_shell() { starts_with "${odd_shell[@]}"; }
stack_ignores_settings_for_other_servers() { starts_with "${odd_servers[@]}"; }
stack_starts_behind_a_proxy() { starts_with "${odd_proxy[@]}"; }

stack_starts_with_odd_files_and_umask() {
    umask 077
    starts_with "${odd_files[@]}" RUN_DIR="$DIR/run 空"
    RUN_DIR="$DIR/run 空"
    expect_eq "pid files" "$(find "$RUN_DIR" -name '*.pid')" ""
}

stack_starts_without_home() { starts_with -u HOME; }

# The programs of the build, through make.
make_works_and_passes_settings_to_the_services() {
    local output build
    build=$(realpath "${BUILD_DIR:-build}")
    [ -x "$build/order-service" ] || { echo "no services are built"; return 77; }
    odd_make() {
        env "${odd_shell[@]}" "${odd_servers[@]}" "${odd_proxy[@]}" "${odd_files[@]}" LB_POLICY=random \
            make -C "$HERE/.." --no-print-directory BUILD="$build" "$@" 2>&1
    }
    output=$(odd_make up) || fail "$output"
    expect_contains "$(tr '\0' '\n' <"/proc/$(cut -d ' ' -f 1 "$RUN_DIR/order-service.pid")/environ")" '^LB_POLICY=random$'
    expect_contains "$(curl -q -s --noproxy '*' "http://127.0.0.1:$ORDER_PORT/orders/1")" '"item"'
    output=$(odd_make status) || fail "$output"
    expect_contains "$output" 'order-service .* healthy'
    output=$(odd_make down) || fail "$output"
}

copy_in_a_folder_with_spaces_works() {
    local copy="$DIR/my 克隆 of it"
    mkdir -p "$copy/user-service" "$copy/order-service"
    cp -r "$HERE" "$copy"
    cp "$HERE/../user-service/schema.sql" "$copy/user-service"
    cp "$HERE/../order-service/schema.sql" "$copy/order-service"
    (
        HERE="$copy/consul-dev"
        RUN_DIR="$copy/.run"
        starts_with CDPATH=.
    )
}

# ---- A start that cannot work ------------------------------------------------

never_ready() { grep -q 'waiting for order-service, at most 60 s: curl: (7) ' "$DIR/up"; }

reason_of_a_slow_start_is_shown_soon() {
    local pid code=0
    printf '#!/bin/sh\nexec sleep 300\n' >"$DIR/silent"
    chmod +x "$DIR/silent"
    ln -sfn "$DIR/silent" "$BUILD/order-service"
    "$HERE/stack" up >"$DIR/up" 2>&1 &
    pid=$!
    await "the reason" never_ready
    kill "$(cut -d ' ' -f 1 "$RUN_DIR/order-service.pid")"
    wait $pid || code=$?
    ln -sfn "$HERE/tests/stand-in" "$BUILD/order-service"
    expect_eq "exit code" $code 1
    expect_contains "$(cat "$DIR/up")" 'order-service ended during its start'
}

seed_data_uses_the_libpq_settings_of_the_user() {
    local output code=0
    output=$(PGCONNECT_TIMEOUT=3 PGSERVICE=none PGSERVICEFILE=/none \
        "$HERE/db-seed" "postgresql://127.0.0.1:$USER_PORT/none" 2>&1) || code=$?
    expect_eq "exit code" $code 1
    expect_contains "$output" 'service file "/none" not found'
}

# The scripts of Debian's packages fail in a folder with blanks. (One package is missing, and nothing is installed.)
apt_gets_no_temporary_folder_of_the_user() {
    mkdir "$DIR/programs" "$DIR/a b"
    printf '#!/bin/sh\n[ "$4" = unzip ] || echo installed\n' >"$DIR/programs/dpkg-query"
    printf '#!/bin/sh\n[ "$1" != install ] || env >"%s"\n' "$DIR/apt-env" >"$DIR/programs/apt-get"
    printf '#!/bin/sh\n' >"$DIR/programs/apt-cache"
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/sh\nexec "$@"\n' >"$DIR/programs/sudo"
    chmod +x "$DIR"/programs/*
    PATH="$DIR/programs:$PATH" TMPDIR="$DIR/a b" "$HERE/install-deps" >"$DIR/installed" 2>&1 || true
    expect_contains "$(cat "$DIR/apt-env")" '^DEBIAN_FRONTEND='
    expect_eq "TMPDIR" "$(grep ^TMPDIR= "$DIR/apt-env" || true)" ""
}

run_tests stack_starts_in_an_odd_shell \
    stack_ignores_settings_for_other_servers \
    stack_starts_behind_a_proxy \
    stack_starts_with_odd_files_and_umask \
    stack_starts_without_home \
    make_works_and_passes_settings_to_the_services \
    copy_in_a_folder_with_spaces_works \
    reason_of_a_slow_start_is_shown_soon \
    apt_gets_no_temporary_folder_of_the_user \
    seed_data_uses_the_libpq_settings_of_the_user
