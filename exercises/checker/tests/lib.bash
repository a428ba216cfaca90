# shellcheck shell=bash
# Shared by the tests of the exercises: assertions that run side by side and are
# counted at the end. Sourced.

BUILD=$(realpath "${BUILD_DIR:-build}")
export BUILD
folder=$(mktemp -d "${TMPDIR:-/tmp}/exercises.XXXXXX")
trap 'rm -rf "$folder"' EXIT
# Checks with real servers mostly wait.
at_once=$((2 * $(nproc)))

beside() { # command...: runs beside the others
  while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n; done
  "$@" &
}

# A build folder with links to what is built already and with results of its own. (The servers' scratch folder is
# shared: a new PostgreSQL is copied from the existing one.)
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

# In English, unless a VAR=value sets another language.
expect() { # what, pattern, exit code, VAR=value..., command...
  local what=$1 pattern=$2 code=$3 output status
  shift 3
  output=$(env LC_ALL=C "$@" 2>&1 </dev/null)
  status=$?
  [ $status -eq "$code" ] && LC_ALL=C grep -qE -- "$pattern" <<<"$output"
  verdict $? "$what: wanted exit code $code and /$pattern/, got $status and" "$output"
}

build_show_grade() { "${CC:-gcc}" exercises/checker/tests/show_grade.c -o "$folder/show_grade" -ljansson || exit 1; }

grades_as() { # what, exit code, pattern (for the output of show_grade, in one line), exercise, file, VAR=value...
  local report=$folder/report.$BASHPID said status sound
  env LC_ALL=C FILE="$5" "${@:6}" timeout 900 exercises/run grade "$4" </dev/null >"$report" 2>"$report.errors"
  status=$?
  said=$("$folder/show_grade" <"$report" | tr '\n' '|')
  sound=${PIPESTATUS[0]}
  [ $status -eq "$2" ] && [ "$sound" -eq 0 ] && LC_ALL=C grep -qE -- "$3" <<<"$said"
  verdict $? "$1: wanted exit code $2 and /$3/, got $status and" "$said $(head -c 1000 "$report") $(head -c 500 "$report.errors")"
}

header() { # key, file: the value in its first comment, " * key: value"
  sed -nE "s/^ \* $1: (.*[^ ])( \*\/)?$/\1/p; /\*\//q" "$2" | sed 's/ \*\/$//'
}

finish() {
  wait
  local failed
  failed=$(grep -c failed "$folder/verdicts")
  echo "$(grep -c passed "$folder/verdicts") passed, $failed failed"
  [ "$failed" -eq 0 ]
}

# The output of `make check-client`, in one line, must match.
checked() { # what, exit code, pattern, N, VAR=value...
  local what=$1 code=$2 pattern=$3 number=$4 output status
  shift 4
  output=$(env LC_ALL=C "$@" exercises/run client "$number" 2>&1 </dev/null)
  status=$?
  [ $status -eq "$code" ] && tr '\n' '|' <<<"$output" | LC_ALL=C.UTF-8 grep -qE -- "$pattern"
  verdict $? "$what: wanted exit code $code and /$pattern/, got $status and" "$output"
}
