#!/usr/bin/env bash
# Tests `get-consul` with a local server of releases. A short script stands in for Consul.
# (Debian's package is not tested here: all other tests use it if there is no Consul on the
# PATH and HashiCorp's site cannot be reached.)
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/lib.sh
. "$HERE/lib.sh"

RELEASE=$DIR/releases/1.15.0
ARCH=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
ZIP=$RELEASE/consul_1.15.0_linux_$ARCH.zip
mkdir -p "$RELEASE" "$DIR/bin"

# Only the tools that get-consul needs: no apt, and no Consul of this machine.
for tool in bash env dirname cat uname head wc grep realpath mkdir flock rm curl unzip sha256sum awk stat chmod mv \
    id sleep chown tr; do
    ln -s "$(type -P "$tool")" "$DIR/bin/$tool"
done

fake_consul() { printf '#!/bin/sh\necho Consul v%s\n%s\n' "$1" "# $(seq -s ' ' 500)"; }

publish() { # version inside
    fake_consul "$1" | "$HERE/tests/make-zip" consul >"$ZIP"
    (cd "$RELEASE" && sha256sum ./*.zip | sed 's#\./##' >consul_1.15.0_SHA256SUMS)
}

# get CONSUL_HOME [VARIABLE=value...]: runs it; prints stdout and stderr.
get() {
    local home=$1
    shift
    env -u CONSUL CONSUL_HOME="$home" CONSUL_RELEASES="${RELEASES:-$URL}" PATH="$DIR/bin" "$@" \
        "$HERE/get-consul" 2>&1
}

requests() { grep -c "zip from" "$DIR/releases/requests" || true; }

"$HERE/tests/release-server" "$DIR/releases" &
server=$!
cleanup() { kill $server; }
await "the server's port" test -s "$DIR/releases/port"
URL=http://127.0.0.1:$(cat "$DIR/releases/port")
export no_proxy=127.0.0.1

given_consul_is_checked_and_used() {
    fake_consul 9 >"$DIR/mine"
    local output
    output=$(get "$DIR/given" CONSUL="$DIR/mine") && fail "used a file that is not executable: $output"
    expect_contains "$output" "CONSUL=$DIR/mine: not an executable file"
    output=$(get "$DIR/given" CONSUL="$DIR/none") && fail "used a file that does not exist: $output"
    expect_contains "$output" "no such file"
    chmod +x "$DIR/mine"
    expect_eq "path" "$(get "$DIR/given" CONSUL="$DIR/mine")" "$DIR/mine"
    echo 'exit 1' >>"$DIR/mine"
    output=$(get "$DIR/given" CONSUL="$DIR/mine") && fail "used a file that does not work: $output"
    expect_contains "$output" "version' fails"
    [ ! -e "$DIR/given" ] || fail "a folder was created"
}

consul_on_the_path_is_used() {
    mkdir "$DIR/path"
    fake_consul 8 >"$DIR/path/consul"
    chmod +x "$DIR/path/consul"
    expect_eq "path" "$(get "$DIR/none" PATH="$DIR/bin:$DIR/path")" "$DIR/path/consul"
    printf '#!/bin/sh\nexit 1\n' >"$DIR/path/consul"
    expect_contains "$(get "$DIR/on-path" PATH="$DIR/bin:$DIR/path")" "is not used"
}

release_is_downloaded_once_and_kept() {
    local before
    before=$(requests)
    expect_contains "$(get "$DIR/good")" "Consul v1.15.0 is now at $DIR/good/consul"
    expect_eq "second time" "$(get "$DIR/good")" "$DIR/good/consul"
    expect_eq "downloads" $(($(requests) - before)) 1
    expect_eq "files" "$(find "$DIR/good" -mindepth 1 | sort | tr '\n' ' ')" "$DIR/good/.lock $DIR/good/consul "
}

release_with_wrong_checksum_is_rejected() {
    local output
    sed -i '1s/^..../0000/' "$RELEASE/consul_1.15.0_SHA256SUMS"
    output=$(get "$DIR/bad") && fail "used in spite of the wrong checksum: $output"
    publish 1.15.0
    expect_contains "$output" "does not have the checksum"
    expect_contains "$output" "cannot get Consul.*CONSUL=/path"
    [ ! -e "$DIR/bad/consul" ] || fail "it was stored in spite of the wrong checksum"
}

interrupted_download_is_resumed() {
    local output
    echo 1000 >"$DIR/releases/cut"
    output=$(get "$DIR/cut") && fail "an interrupted download was accepted: $output"
    expect_contains "$output" "was interrupted"
    expect_eq "part" "$(stat -c %s "$DIR"/cut/*.part)" 1000
    expect_contains "$(get "$DIR/cut")" "resuming: 1000 bytes"
    expect_contains "$(tail -n 1 "$DIR/releases/requests")" "zip from 1000"
    expect_contains "$("$DIR/cut/consul")" 1.15.0
}

server_without_resume_sends_the_whole_file() {
    echo 1000 >"$DIR/releases/cut"
    get "$DIR/all" && fail "an interrupted download was accepted"
    touch "$DIR/releases/no-ranges"
    get "$DIR/all"
    rm "$DIR/releases/no-ranges"
    expect_contains "$("$DIR/all/consul")" 1.15.0
}

part_of_another_release_is_deleted() {
    mkdir "$DIR/stale"
    head -c 1500 /dev/zero >"$DIR/stale/${ZIP##*/}.part"
    get "$DIR/stale"
    expect_contains "$("$DIR/stale/consul")" 1.15.0
}

several_runs_at_once_download_once() {
    local before i pids=()
    before=$(requests)
    for i in 1 2 3 4; do
        get "$DIR/many" >"$DIR/many.$i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    expect_eq "downloads" $(($(requests) - before)) 1
    for i in 1 2 3 4; do expect_eq "path" "$(tail -n 1 "$DIR/many.$i")" "$DIR/many/consul"; done
}

unreachable_site_is_reported() {
    local output port
    port=$(free_ports 1)
    output=$(RELEASES=http://127.0.0.1:$port get "$DIR/refused") && fail "succeeded without a server: $output"
    expect_contains "$output" "cannot get the official release"
    expect_contains "$output" "no apt"
    expect_contains "$output" "CONSUL=/path/to/consul"
}

folder_that_cannot_be_created_is_reported() {
    local output
    touch "$DIR/file"
    output=$(get "$DIR/file/home") && fail "created a folder inside a file: $output"
    expect_contains "$output" "cannot create $DIR/file/home; CONSUL_HOME="
}

publish 1.15.0
run_tests given_consul_is_checked_and_used \
    consul_on_the_path_is_used \
    release_is_downloaded_once_and_kept \
    release_with_wrong_checksum_is_rejected \
    interrupted_download_is_resumed \
    server_without_resume_sends_the_whole_file \
    part_of_another_release_is_deleted \
    several_runs_at_once_download_once \
    unreachable_site_is_reported \
    folder_that_cannot_be_created_is_reported
