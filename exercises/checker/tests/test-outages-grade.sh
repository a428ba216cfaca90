#!/usr/bin/env bash
# Tests the grades of a whole class: each wrong answer gets the score and the Chinese message of its first comment;
# right answers that differ from ours get all points; an answer that never ends is graded, too. It takes more than
# ten minutes, because each answer runs all checks on real servers.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 2
# shellcheck source=exercises/checker/tests/lib.bash
. exercises/checker/tests/lib.bash
private_build "$folder/build"
BUILD=$folder/build
build_show_grade

# How long a learner waits while nothing else runs: at most 15 s for exercises 1 and 2.
for number in 1 2 3; do
  begin=$(date +%s%N)
  expect "exercise $number, solved" "is solved" 0 SOLUTION=1 exercises/run check $number
  awk -v n=$number -v ns=$(($(date +%s%N) - begin)) 'BEGIN { printf "measured: exercise %d answers after %.1f s\n", n, ns / 1e9 }'
done

total_of() { grep -oE '[0-9]+/[0-9]+' "$1/starter-says" | head -n 1 | cut -d/ -f2; }

for exercise in exercises/[1-9]-*; do
  checker=exercises/checker/${exercise#exercises/} number=${exercise#exercises/}
  number=${number%%-*}
  total=$(total_of "$checker")
  beside grades_as "$exercise/solution.c" 0 "passed, $total/$total\|$" "$number" "$exercise/solution.c"
  beside grades_as "$exercise/starter.c" 1 "not passed, 0/$total\|failed" "$number" "$exercise/starter.c"
  for wrong in "$checker"/wrong/*.c; do
    says=$(header zh "$wrong")
    beside grades_as "$wrong" 1 "not passed, $(header score "$wrong")/$total\|.*${says#?/? }" "$number" "$wrong" LC_ALL=zh_CN.UTF-8
  done
done

# In blocks, A A A B: it passes all checks but the bonus.
cat >"$folder/blocks.c" <<'END'
#include "given.h"
int weighted_pick(struct peer *peers, int n)
{
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < n; i++)
            if (peers[i].current < peers[i].weight) {
                peers[i].current++;
                return i;
            }
        for (int i = 0; i < n; i++)
            peers[i].current = 0;
    }
    return -1;
}
END
beside grades_as "blocks" 0 'passed, 6/6\|$' 2 "$folder/blocks.c"
sed 's/bool suddenly_empty = .*/bool suddenly_empty = false;/' exercises/3-registry-outage/solution.c >"$folder/no_bonus.c"
beside grades_as "exercise 3 without the bonus" 0 'passed, 9/9\|$' 3 "$folder/no_bonus.c"

# A stopped process cannot end itself.
cat >"$folder/stops.c" <<'END'
#include <signal.h>
#include <unistd.h>
#include "given.h"
int weighted_pick(struct peer *peers, int n)
{
    (void)peers, (void)n;
    return sigqueue(getpid(), SIGSTOP, (union sigval){0});
}
END
beside grades_as "stopping itself" 1 "not passed, 0/6\|.*did not return within 10 s" 2 "$folder/stops.c"
for i in 1 2 3; do
  beside grades_as "several of the same at once ($i)" 1 "not passed, 1/6" 2 exercises/checker/2-weighted-balancing/wrong/round_robin.c
done
finish
