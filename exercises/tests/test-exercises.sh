#!/usr/bin/env bash
# The exercises, as a learner meets them: the lesson's samples run, every untouched starter compiles without
# a warning and fails for its own reason, every worked solution passes, also for
# real, and each of the wrong answers in wrong/ is told what its first comment
# expects.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2

BUILD=${BUILD_DIR:-build}
passed=0 failed=0
verdict() { # ok (0 or not), what, output
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n%s\n' "$2" "$3"
  fi
}

expect() { # what, pattern, exit code, VAR=value..., -- number
  local what=$1 pattern=$2 code=$3 output status
  shift 3
  output=$(env BUILD="$BUILD" LC_ALL=C "$@" 2>&1)
  status=$?
  [ $status -eq "$code" ] && grep -qE -- "$pattern" <<<"$output"
  verdict $? "$what: wanted exit code $code and /$pattern/, got $status and" "$output"
}

check_starter() { # folder, number
  local first
  first=$(sed -n 's/.*first: //p' "$1/tests/starter-says")
  expect "$1/starter.c" "$first" 1 FILE="$1/starter.c" exercises/run check "$2"
  local chinese
  chinese=$(sed -n 's/.*zh: //p' "$1/tests/starter-says")
  expect "$1/starter.c in Chinese" "$chinese" 1 LC_ALL=zh_CN.UTF-8 FILE="$1/starter.c" exercises/run check "$2"
}

expect "the lesson's samples" "All went as expected" 0 exercises/0-lesson/run
for folder in exercises/[1-9]-*; do
  number=${folder#exercises/}
  number=${number%%-*}
  "${CC:-gcc}" -std=gnu11 -Wall -Wextra -Werror -I"$folder" -c "$folder/starter.c" -o /dev/null
  verdict $? "$folder/starter.c compiles without a warning" ""
  check_starter "$folder" "$number"
  expect "$folder/solution.c" "is solved" 0 SOLUTION=1 exercises/run check "$number"
  for wrong in "$folder"/wrong/*.c; do
    pattern=$(sed -n 's/^ \* expect: \(.*\) \*\/$/\1/p' "$wrong")
    expect "$wrong" "${pattern:?$wrong says not what it expects}" 1 FILE="$wrong" exercises/run check "$number"
  done
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
