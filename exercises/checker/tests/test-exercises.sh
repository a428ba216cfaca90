#!/usr/bin/env bash
# Tests the exercises as a learner sees them: the lesson's samples run, every untouched starter compiles without
# a warning and fails with the expected message, every worked solution passes all checks, and each wrong answer
# in wrong/ gets the message that its first comment expects, in both languages.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 2
# shellcheck source=exercises/checker/tests/lib.bash
. exercises/checker/tests/lib.bash
private_build "$folder/build"
BUILD=$folder/build

compiles_quietly() { # folder
  local output
  output=$("${CC:-gcc}" -std=gnu11 -Wall -Wextra -Werror -I"$1" -c "$1/starter.c" -o /dev/null 2>&1)
  verdict $? "$1/starter.c compiles without a warning" "$output"
}

gets_message() { # number, file, what to expect in English, in Chinese
  expect "$2" "${3:?$2 has no expect: line}" 1 FILE="$2" exercises/run check "$1"
  expect "$2, in Chinese" "${4:?$2 has no zh: line}" 1 LC_ALL=zh_CN.UTF-8 FILE="$2" exercises/run check "$1"
}

beside expect "the lesson's samples" "Everything went as expected" 0 exercises/0-lesson/run
for exercise in exercises/[1-9]-*; do
  checker=exercises/checker/${exercise#exercises/} number=${exercise#exercises/}
  number=${number%%-*}
  beside expect "$exercise/solution.c" "is solved" 0 SOLUTION=1 exercises/run check "$number"
  beside compiles_quietly "$exercise"
  says=$checker/starter-says
  beside gets_message "$number" "$exercise/starter.c" "$(sed -n 's/.*first: //p' "$says")" "$(sed -n 's/.*zh: //p' "$says")"
  for wrong in "$checker"/wrong/*.c; do
    beside gets_message "$number" "$wrong" "$(header expect "$wrong")" "$(header zh "$wrong")"
  done
done
finish
