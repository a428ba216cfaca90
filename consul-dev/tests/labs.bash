# shellcheck shell=bash
# Shared by the tests of `make lab`. Sourced.

BUILD_DIR=$(realpath "${BUILD_DIR:-build}")
export BUILD_DIR PATH=$PATH:/usr/sbin
export TMPDIR=$DIR # the labs' folders are in here, so that nothing of another run is counted

LAB=$BUILD_DIR/lab
lab() { LC_ALL=C "$LAB" "$@" 2>&1; }

# What is left of all labs: processes (by their environment, in which TMPDIR is ours) and folders.
labs_left() {
    local file pid
    while read -r file; do
        pid=${file//[^0-9]/}
        case $(cat "/proc/$pid/comm" 2>/dev/null) in
        lab | consul | postgres | redis-server | etcd | user-service | order-service | haproxy | nginx)
            ps -o pid=,args= "$pid"
            ;;
        esac
    done < <(grep -slaF "TMPDIR=$DIR" /proc/[0-9]*/environ)
    find "$DIR" -maxdepth 2 -name 'run.*'
}
nothing_left() { [ -z "$(labs_left)" ]; }

labs_whose_title() { # matches or matches not (-v) a pattern: prints their numbers
    lab | awk -v want="$([ "$1" = -v ] && echo 0 || echo 1)" -v pattern="${*: -1}" \
        '/^ +[0-9]+  [IVX]/ && ($0 ~ pattern) == want { print $1 }'
}

# Defines the test of one lab: it exits with 0, prints a verdict, and leaves nothing.
define_lab_test() { # number
    eval "lab_$1_sees_what_is_expected() { sees_what_is_expected $1; }"
}

sees_what_is_expected() { # number
    local output code=0 begin=$SECONDS
    output=$(lab "$1") || code=$?
    if [ $code = 77 ]; then
        tail -n 1 <<<"$output"
        exit 77
    fi
    expect_contains "$output" '^  verdict   (holds|does not hold)( if|:) '
    [[ $output != *✗* ]] || fail "$output"
    expect_eq "exit code" $code 0
    echo "measured: lab $1: $((SECONDS - begin)) s"
}

# shellcheck disable=SC2034 # for the tests
SHORT_LABS='visible after|gone after|HTTP check|Script check|TTL check|passing=true|KV store'
SHORT_LABS+='|second datacenter|Dev mode|web UI|DNS lists'
