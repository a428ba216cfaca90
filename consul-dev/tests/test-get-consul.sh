#!/usr/bin/env bash
# `get-consul` against a server of releases on this machine. Consul itself is
# played by a script of a few bytes. (Debian's package is what all other tests
# run on, where there is neither a Consul on the PATH nor HashiCorp's site.)
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/lib.sh
. "$HERE/lib.sh"

RELEASE=$DIR/releases/1.15.0
ARCH=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
ZIP=$RELEASE/consul_1.15.0_linux_$ARCH.zip
mkdir -p "$RELEASE" "$DIR/bin"

# Only what get-consul needs: no apt, and no Consul that this machine may have.
for tool in bash env dirname cat uname head wc grep realpath mkdir flock rm curl unzip sha256sum awk stat chmod mv \
    id sleep chown tr; do
    ln -s "$(type -P "$tool")" "$DIR/bin/$tool"
done

fake_consul() { printf '#!/bin/sh\necho Consul v%s\n%s\n' "$1" "# $(seq -s ' ' 500)"; }

publish() { # version inside
    fake_consul "$1" | "$HERE/tests/make-zip" consul >"$ZIP"
    (cd "$RELEASE" && sha256sum ./*.zip | sed 's#\./##' >consul_1.15.0_SHA256SUMS)
}

# get CONSUL_HOME [VARIABLE=value...]: its output, also what it says to a person.
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

a_given_consul_is_checked_and_used() {
    fake_consul 9 >"$DIR/mine"
    local output
    output=$(get "$DIR/given" CONSUL="$DIR/mine") && fail "not executable, yet: $output"
    expect_contains "$output" "CONSUL=$DIR/mine: not an executable file"
    output=$(get "$DIR/given" CONSUL="$DIR/none") && fail "not there, yet: $output"
    expect_contains "$output" "no such file"
    chmod +x "$DIR/mine"
    expect_eq "path" "$(get "$DIR/given" CONSUL="$DIR/mine")" "$DIR/mine"
    echo 'exit 1' >>"$DIR/mine"
    output=$(get "$DIR/given" CONSUL="$DIR/mine") && fail "does not work, yet: $output"
    expect_contains "$output" "version' fails"
    [ ! -e "$DIR/given" ] || fail "something was made"
}

a_consul_on_the_path_is_used() {
    mkdir "$DIR/path"
    fake_consul 8 >"$DIR/path/consul"
    chmod +x "$DIR/path/consul"
    expect_eq "path" "$(get "$DIR/none" PATH="$DIR/bin:$DIR/path")" "$DIR/path/consul"
    printf '#!/bin/sh\nexit 1\n' >"$DIR/path/consul"
    expect_contains "$(get "$DIR/on-path" PATH="$DIR/bin:$DIR/path")" "is passed over"
}

a_release_is_downloaded_once_and_kept() {
    local before
    before=$(requests)
    expect_contains "$(get "$DIR/good")" "Consul v1.15.0 is now at $DIR/good/consul"
    expect_eq "second time" "$(get "$DIR/good")" "$DIR/good/consul"
    expect_eq "downloads" $(($(requests) - before)) 1
    expect_eq "files" "$(find "$DIR/good" -mindepth 1 | sort | tr '\n' ' ')" "$DIR/good/.lock $DIR/good/consul "
}

a_release_of_another_sum_is_refused() {
    local output
    sed -i '1s/^..../0000/' "$RELEASE/consul_1.15.0_SHA256SUMS"
    output=$(get "$DIR/bad") && fail "taken all the same: $output"
    publish 1.15.0
    expect_contains "$output" "does not have the sum"
    expect_contains "$output" "no Consul to be had.*CONSUL=/path"
    [ ! -e "$DIR/bad/consul" ] || fail "it is there all the same"
}

a_download_that_broke_off_is_resumed() {
    local output
    echo 1000 >"$DIR/releases/cut"
    output=$(get "$DIR/cut") && fail "complete, yet it was cut: $output"
    expect_contains "$output" "broke off"
    expect_eq "part" "$(stat -c %s "$DIR"/cut/*.part)" 1000
    expect_contains "$(get "$DIR/cut")" "resuming: 1000 bytes"
    expect_contains "$(tail -n 1 "$DIR/releases/requests")" "zip from 1000"
    expect_contains "$("$DIR/cut/consul")" 1.15.0
}

a_server_that_cannot_resume_is_asked_for_all() {
    echo 1000 >"$DIR/releases/cut"
    get "$DIR/all" && fail "complete, yet it was cut"
    touch "$DIR/releases/no-ranges"
    get "$DIR/all"
    rm "$DIR/releases/no-ranges"
    expect_contains "$("$DIR/all/consul")" 1.15.0
}

a_part_of_another_release_is_thrown_away() {
    mkdir "$DIR/stale"
    head -c 1500 /dev/zero >"$DIR/stale/${ZIP##*/}.part"
    get "$DIR/stale"
    expect_contains "$("$DIR/stale/consul")" 1.15.0
}

several_at_once_download_once() {
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

a_site_that_refuses_is_told_plainly() {
    local output port
    port=$(free_ports 1)
    output=$(RELEASES=http://127.0.0.1:$port get "$DIR/refused") && fail "from nowhere: $output"
    expect_contains "$output" "official release is not to be had from here"
    expect_contains "$output" "there is no apt here"
    expect_contains "$output" "CONSUL=/path/to/consul"
}

a_folder_that_cannot_be_made_is_named() {
    local output
    touch "$DIR/file"
    output=$(get "$DIR/file/home") && fail "written into a file: $output"
    expect_contains "$output" "cannot make $DIR/file/home; CONSUL_HOME="
}

publish 1.15.0
run_tests a_given_consul_is_checked_and_used \
    a_consul_on_the_path_is_used \
    a_release_is_downloaded_once_and_kept \
    a_release_of_another_sum_is_refused \
    a_download_that_broke_off_is_resumed \
    a_server_that_cannot_resume_is_asked_for_all \
    a_part_of_another_release_is_thrown_away \
    several_at_once_download_once \
    a_site_that_refuses_is_told_plainly \
    a_folder_that_cannot_be_made_is_named
