# shellcheck shell=bash
# What the tests of the exercises share: claims that are checked side by side, and
# counted at the end. To be sourced.

BUILD=$(realpath "${BUILD_DIR:-build}")
export BUILD
folder=$(mktemp -d "${TMPDIR:-/tmp}/exercises.XXXXXX")
trap 'rm -rf "$folder"' EXIT
# Half as many again as there are cores: checks with real servers mostly wait.
at_once=$(($(nproc) * 3 / 2))

beside() { # command...: beside those that run
  while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n; done
  "$@" &
}

# What was built already, in a folder whose results are nobody else's. (The servers' scratch is shared: a new
# PostgreSQL is copied from the one that is there.)
private_build() { # folder
  local part
  mkdir -p "$BUILD/scratch-$(id -u)"
  mkdir -p "$1"
  for part in "$BUILD"/*; do
    case ${part##*/} in
    exercise-* | solution-* | exercises | drill.svg | *.[0-9]*) ;;
    *) ln -s "$part" "$1" ;;
    esac
  done
}

verdict() { # ok (0 or not), what, output
  if [ "$1" = 0 ]; then
    echo passed >>"$folder/verdicts"
  else
    echo failed >>"$folder/verdicts"
    printf 'FAILED: %s\n%s\n' "$2" "${3:-}"
  fi
}

# In English unless it is told otherwise.
expect() { # what, pattern, exit code, VAR=value..., command...
  local what=$1 pattern=$2 code=$3 output status
  shift 3
  output=$(env LC_ALL=C "$@" 2>&1 </dev/null)
  status=$?
  [ $status -eq "$code" ] && LC_ALL=C grep -qE -- "$pattern" <<<"$output"
  verdict $? "$what: wanted exit code $code and /$pattern/, got $status and" "$output"
}

build_show_grade() { "${CC:-gcc}" exercises/checker/tests/show_grade.c -o "$folder/show_grade" -ljansson || exit 1; }

grades_as() { # what, exit code, pattern (of all that show_grade says, in one line), exercise, file, VAR=value...
  local report=$folder/report.$BASHPID said status sound
  env LC_ALL=C FILE="$5" "${@:6}" timeout 900 exercises/run grade "$4" </dev/null >"$report" 2>"$report.errors"
  status=$?
  said=$("$folder/show_grade" <"$report" | tr '\n' '|')
  sound=${PIPESTATUS[0]}
  [ $status -eq "$2" ] && [ "$sound" -eq 0 ] && LC_ALL=C grep -qE -- "$3" <<<"$said"
  verdict $? "$1: wanted exit code $2 and /$3/, got $status and" "$said $(head -c 1000 "$report") $(head -c 500 "$report.errors")"
}

header() { # key, file: what it says of itself in " * key: value"
  sed -nE "s/^ \* $1: (.*[^ ])( \*\/)?$/\1/p; /\*\//q" "$2" | sed 's/ \*\/$//'
}

finish() {
  wait
  local failed
  failed=$(grep -c failed "$folder/verdicts")
  echo "$(grep -c passed "$folder/verdicts") passed, $failed failed"
  [ "$failed" -eq 0 ]
}
